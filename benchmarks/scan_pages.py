"""Scan responses as DynamoDB writes them, of made-up reviews; the same on every run."""

import json
from base64 import b64encode
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any
from uuid import UUID

ITEMS = 2_800
"""About what fits in one page of 1 MB by DynamoDB's own count."""
WORDS = (
    "great",
    "poor",
    "battery",
    "colour",
    "sturdy",
    "arrived",
    "broken",
    "would",
    "buy",
    "again",
    '"fine"',
)
_KNOWN = 400
_FIRST = datetime(2026, 1, 1, tzinfo=UTC)

Item = dict[str, dict[str, Any]]


def flat_page() -> bytes:
    """Items of texts, numbers, booleans, sets, binary values and nulls, some of them sparse."""
    random = Random(1)
    return _response([_review(random) for _ in range(ITEMS)])


def nested_page() -> bytes:
    """Half as many of the same items, each with a map of maps and a list of maps too."""
    random = Random(2)
    return _response([_review(random) | _order(random) for _ in range(ITEMS // 2)])


def wide_page() -> bytes:
    """Items of a table of many kinds of item: 15 attributes each, of 400 known."""
    random = Random(3)
    return _response([_event(random) for _ in range(ITEMS)])


def _response(items: list[Item]) -> bytes:
    response = {
        "ConsumedCapacity": {"CapacityUnits": 128.5, "TableName": "Reviews"},
        "Count": len(items),
        "Items": items,
        "LastEvaluatedKey": {"review_id": items[-1]["review_id"]},
        "ScannedCount": len(items),
    }
    return json.dumps(response, separators=(",", ":"), ensure_ascii=False).encode()


def _review(random: Random) -> Item:
    moment = _FIRST + timedelta(seconds=random.randrange(25_000_000))
    sparse: Item = {
        "votes": {"N": str(random.randrange(10_000))},
        "tags": {"SS": sorted(random.sample(WORDS, 3))},
        "digest": {"B": b64encode(random.randbytes(16)).decode()},
        "reply": {"NULL": True},
        "ratings": {"NS": [str(random.randrange(1, 6)), "0.5"]},
    }
    present = {name: value for name, value in sparse.items() if random.random() < 0.3}
    return present | {
        "review_id": {"S": str(UUID(int=random.getrandbits(128)))},
        "product_id": {"S": f"B{random.randrange(10**9):09d}"},
        "created_at": {"S": moment.isoformat()},
        "stars": {"N": str(random.randrange(1, 6))},
        "price": {"N": f"{random.randrange(100, 99_999) / 100:.2f}"},
        "verified": {"BOOL": random.random() < 0.8},
        "title": {"S": " ".join(random.choices(WORDS, k=4))},
        "body": {"S": " ".join(random.choices(WORDS, k=10))},
    }


def _event(random: Random) -> Item:
    return {"review_id": {"S": str(UUID(int=random.getrandbits(128)))}} | {
        f"attribute_{number}": _scalar(random, number) for number in random.sample(range(_KNOWN - 1), 14)
    }


def _scalar(random: Random, number: int) -> dict[str, Any]:
    """A value of the attribute of this number, which decides on its type."""
    return {"N": str(random.randrange(10**6))} if number % 2 else {"S": random.choice(WORDS)}


def _order(random: Random) -> Item:
    line = {"sku": {"S": f"SKU-{random.randrange(10**6)}"}, "quantity": {"N": str(random.randrange(1, 9))}}
    position = {
        "lat": {"N": f"{random.uniform(-90, 90):.6f}"},
        "lon": {"N": f"{random.uniform(-180, 180):.6f}"},
    }
    return {
        "address": {
            "M": {"city": {"S": random.choice(WORDS)}, "gift": {"BOOL": False}, "position": {"M": position}}
        },
        "lines": {"L": [{"M": line}] * random.randrange(4)},
    }
