"""Our page decoding against boto3's ``client.scan`` with ``TypeDeserializer``, on the same pages and one core.

Both start from the bytes of the response. boto3 builds and signs its request and parses the answer as
always, only the network is left out; it ends at Python values, we end at typed Arrow columns. Figures
are items per second of processor time, medians of rounds in which both take turns.
"""

import argparse
import gc
from collections.abc import Callable
from io import BytesIO
from statistics import median
from time import process_time

import boto3
import pyarrow as pa
from boto3.dynamodb.types import TypeDeserializer
from botocore.awsrequest import AWSResponse
from botocore.config import Config

from benchmarks.machine import machine_line
from benchmarks.scan_pages import flat_page, nested_page
from lakeshot.dynamodb.columns import typed
from lakeshot.dynamodb.page import PageDecoder

PAGES = {"flat": flat_page, "maps and lists": nested_page}
AIM = 12.0

Decode = Callable[[], int]
"""Decodes one page and returns how many items it held."""


def main(arguments: list[str]) -> int:
    """Print both rates and their ratio for each kind of page; 1 if a ratio is under the aim."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks scan", description=__doc__)
    parser.add_argument("--rounds", type=int, default=9, help="default: %(default)s")
    rounds = parser.parse_args(arguments).rounds
    pa.set_cpu_count(1)
    print(machine_line("pyarrow", "numpy", "boto3"))
    print(f"{'page':<16}{'items':>7}{'bytes':>11}{'boto3 items/s':>16}{'ours items/s':>15}{'ratio':>8}")
    ratios = []
    for name, make_page in PAGES.items():
        body = make_page()
        items, theirs, ours = _rates(_boto3(body), _lakeshot(body), rounds)
        ratios.append(ours / theirs)
        print(f"{name:<16}{items:>7,}{len(body):>11,}{theirs:>16,.0f}{ours:>15,.0f}{ours / theirs:>7.1f}x")
    print(f"aim: {AIM:.0f}x or more; lowest seen: {min(ratios):.1f}x, median of {rounds} interleaved rounds")
    return 0 if min(ratios) >= AIM else 1


def _rates(theirs: Decode, ours: Decode, rounds: int) -> tuple[int, float, float]:
    items = theirs()
    if ours() != items:
        raise RuntimeError("the two do not see the same items")
    # What is alive by now is no garbage of either: without this the collector walks it again and again.
    gc.collect()
    gc.freeze()
    seconds = [(_seconds(theirs), _seconds(ours)) for _ in range(rounds)]
    their_seconds, our_seconds = (median(side) for side in zip(*seconds, strict=True))
    return items, items / their_seconds, items / our_seconds


def _seconds(decode: Decode) -> float:
    before = process_time()
    decode()
    return process_time() - before


def _lakeshot(body: bytes) -> Decode:
    decoder = PageDecoder()

    def decode() -> int:
        table, _ = typed([decoder.decode(body).items])
        return int(table.num_rows)

    return decode


class _Body(BytesIO):
    """A response's body as urllib3 gives it to botocore."""

    def stream(self, _chunk_bytes: int = 0, **_options: object) -> list[bytes]:
        return [self.read()]


def _boto3(body: bytes) -> Decode:
    client = boto3.client(
        "dynamodb",
        region_name="us-east-1",
        aws_access_key_id="benchmark",
        aws_secret_access_key="benchmark",  # noqa: S106  signs a request that is never sent
        config=Config(retries={"max_attempts": 0}),
    )
    headers = {"Content-Type": "application/x-amz-json-1.0"}
    client.meta.events.register(
        "before-send.dynamodb.Scan",
        lambda request, **_: AWSResponse(request.url, 200, headers, _Body(body)),
    )
    deserialize = TypeDeserializer().deserialize

    def decode() -> int:
        response = client.scan(TableName="Reviews", ReturnConsumedCapacity="TOTAL")
        items = [{name: deserialize(value) for name, value in item.items()} for item in response["Items"]]
        return len(items)

    return decode
