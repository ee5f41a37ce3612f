"""Data files as DynamoDB's own export writes them, of made-up orders; the same on every run.

Items are sparse and nested, one attribute mixes types, and one has numbers of 38 digits.
"""

import gzip
import hashlib
import json
from base64 import b64encode
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any
from uuid import UUID

from benchmarks.scan_pages import WORDS

_WORDS = (*WORDS, "grün")
_STATES = ("new", "paid", "packed", "sent", "returned")
_CITIES = ("Aachen", "Bergen", "Cádiz", "Dublin", "Espoo")
_FIRST = datetime(2026, 1, 1, tzinfo=UTC)
_GZIP_LEVEL = 6

Item = dict[str, dict[str, Any]]


def write_data_file(path: Path, items: int, seed: int) -> tuple[int, str]:
    """Write a data file of so many items; its bytes before compression, and its MD5 (base64)."""
    random = Random(seed)
    lines = [
        json.dumps({"Item": _order(random)}, separators=(",", ":"), ensure_ascii=False) + "\n"
        for _ in range(items)
    ]
    raw = "".join(lines).encode()
    compressed = gzip.compress(raw, _GZIP_LEVEL, mtime=0)
    path.write_bytes(compressed)
    return len(raw), b64encode(hashlib.md5(compressed).digest()).decode()  # noqa: S324  (as DynamoDB does)


def _order(random: Random) -> Item:
    moment = _FIRST + timedelta(seconds=random.randrange(25_000_000))
    always: Item = {
        "order_id": {"S": str(UUID(int=random.getrandbits(128)))},
        "customer": {"S": f"C{random.randrange(10**7):07d}"},
        "created_at": {"S": moment.isoformat()},
        "status": {"S": random.choice(_STATES)},
        "total": {"N": f"{random.randrange(100, 99_999) / 100:.2f}"},
        "paid": {"BOOL": random.random() < 0.8},
    }
    return always | {name: make(random) for name, (share, make) in _SPARSE.items() if random.random() < share}


def _reference(random: Random) -> dict[str, Any]:
    """Now a number, now a text."""
    number = str(random.randrange(10**6))
    return {"N": number} if random.random() < 0.5 else {"S": f"R-{number}"}


def _shipping(random: Random) -> dict[str, Any]:
    position = {
        "lat": {"N": f"{random.uniform(-90, 90):.6f}"},
        "lon": {"N": f"{random.uniform(-180, 180):.6f}"},
    }
    return {
        "M": {
            "city": {"S": random.choice(_CITIES)},
            "gift": {"BOOL": random.random() < 0.1},
            "note": {"NULL": True},
            "at": {"M": position},
        }
    }


def _lines(random: Random) -> dict[str, Any]:
    return {
        "L": [
            {
                "M": {
                    "sku": {"S": f"SKU-{random.randrange(10**6)}"},
                    "quantity": {"N": str(random.randrange(1, 9))},
                    "price": {"N": f"{random.randrange(100, 9_999) / 100:.2f}"},
                }
            }
            for _ in range(random.randrange(1, 4))
        ]
    }


_SPARSE: dict[str, tuple[float, Callable[[Random], dict[str, Any]]]] = {
    "lines": (0.4, _lines),
    "shipping": (0.25, _shipping),
    "comment": (0.2, lambda random: {"S": " ".join(random.choices(_WORDS, k=8))}),
    "votes": (0.3, lambda random: {"N": str(random.randrange(10_000))}),
    "balance": (0.1, lambda random: {"N": str(random.randrange(10**37, 10**38))}),
    "reference": (0.2, _reference),
    "tags": (0.1, lambda random: {"SS": sorted(random.sample(_WORDS, 3))}),
    "ratings": (0.1, lambda random: {"NS": [str(random.randrange(1, 6)), "0.5"]}),
    "digest": (0.1, lambda random: {"B": b64encode(random.randbytes(16)).decode()}),
    "reply": (0.1, lambda _: {"NULL": True}),
}
"""Attributes that not every item has: the share of items that do, and a value."""
