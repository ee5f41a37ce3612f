"""Our page decoding against boto3's ``client.scan`` with ``TypeDeserializer``: same pages, one core.

Both start from the bytes of the responses. boto3 builds and signs its requests and parses the answers
as always, only the network is left out. It ends at Python values; we end at typed Arrow columns of one
row group. Figures are items per second of processor time, medians of rounds in which all take turns.

boto3 is measured twice: as it comes, and with ``gc.freeze`` before, which spares Python's collector
the walk over everything that is alive while boto3 makes its objects. We make too few for it to matter.
"""

import argparse
import gc
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from io import BytesIO
from statistics import median
from time import process_time

import boto3
import pyarrow as pa
from boto3.dynamodb.types import TypeDeserializer
from botocore.awsrequest import AWSResponse
from botocore.compat import HTTPHeaders
from botocore.config import Config

from benchmarks.machine import machine_line
from benchmarks.scan_pages import flat_page, nested_page, wide_page
from lakeshot.dynamodb.columns import typed
from lakeshot.dynamodb.page import PageDecoder

PAGES = {"flat": flat_page, "maps and lists": nested_page, "wide": wide_page}
PAGES_IN_ROW_GROUP = 8
AIMS = {"flat": 12.0, "maps and lists": 12.0, "wide": 6.0}
"""How many times boto3's rate ours is to be. boto3 makes nothing of an attribute that an item lacks; a wide
table has a cell for it."""

Decode = Callable[[], int]
"""Decodes the pages of a row group and returns how many items they held."""


def main(arguments: list[str]) -> int:
    """Print all rates and how many times boto3's ours is; 1 if one is under its aim."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks scan")
    parser.add_argument("--rounds", type=int, default=5, help="default: %(default)s")
    rounds = parser.parse_args(arguments).rounds
    pa.set_cpu_count(1)
    print(machine_line("pyarrow", "numpy", "boto3"))
    print(f"{'page':<16}{'items':>7}{'bytes':>11}  {'decoded by':<18}{'items/s':>9}{'ours is':>9}")
    missed = []
    for name, make_page in PAGES.items():
        body = make_page()
        items, rates = _rates(body, rounds)
        for contender, rate in rates.items():
            ratio = rates["Lakeshot"] / rate
            print(f"{name:<16}{items:>7,}{len(body):>11,}  {contender:<18}{rate:>9,.0f}{ratio:>8.1f}x")
        if rates["Lakeshot"] < AIMS[name] * rates["boto3"]:
            missed.append(name)
    aims = ", ".join(f"{name} {aim:.0f}x" for name, aim in AIMS.items())
    print(f"aims against boto3 as it comes: {aims}; missed: {', '.join(missed) or 'none'}; {rounds} rounds")
    return 1 if missed else 0


def _rates(body: bytes, rounds: int) -> tuple[int, dict[str, float]]:
    """Items of one page, and items per second by contender."""
    theirs, ours = _boto3(body), _lakeshot(body)
    contenders: dict[str, tuple[Decode, Callable[[], AbstractContextManager[None]]]] = {
        "boto3": (theirs, nullcontext),
        "boto3, gc.freeze": (theirs, _frozen_heap),
        "Lakeshot": (ours, nullcontext),
    }
    items = theirs()
    if ours() != items:
        raise RuntimeError("the two do not see the same items")
    seconds: dict[str, list[float]] = {name: [] for name in contenders}
    for _ in range(rounds):
        for name, (decode, heap) in contenders.items():
            gc.collect()
            with heap():
                before = process_time()
                decode()
                seconds[name].append(process_time() - before)
    return items // PAGES_IN_ROW_GROUP, {name: items / median(each) for name, each in seconds.items()}


@contextmanager
def _frozen_heap() -> Iterator[None]:
    gc.freeze()
    yield
    gc.unfreeze()


def _lakeshot(body: bytes) -> Decode:
    decoder = PageDecoder()

    def decode() -> int:
        table, _ = typed([decoder.decode(body).items for _ in range(PAGES_IN_ROW_GROUP)])
        return int(table.num_rows)

    return decode


class _Body(BytesIO):
    """A response's body as urllib3 gives it to botocore."""

    def stream(self, **_options: object) -> list[bytes]:
        return [self.read()]


def _boto3(body: bytes) -> Decode:
    client = boto3.client(
        "dynamodb",
        region_name="us-east-1",
        aws_access_key_id="benchmark",
        aws_secret_access_key="benchmark",  # noqa: S106  signs requests that are never sent
        config=Config(retries={"max_attempts": 0}),
    )
    headers = HTTPHeaders()
    headers["Content-Type"] = "application/x-amz-json-1.0"
    client.meta.events.register(
        "before-send.dynamodb.Scan",
        lambda request, **_: AWSResponse(request.url, 200, headers, _Body(body)),  # type: ignore[arg-type]
    )
    deserialize = TypeDeserializer().deserialize

    def decode() -> int:
        count = 0
        for _ in range(PAGES_IN_ROW_GROUP):
            response = client.scan(TableName="Reviews", ReturnConsumedCapacity="TOTAL")
            items = [{name: deserialize(value) for name, value in item.items()} for item in response["Items"]]
            count += len(items)
        return count

    return decode
