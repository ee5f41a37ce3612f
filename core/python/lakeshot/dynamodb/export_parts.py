"""The files of exports shared out among parts, each of which one worker converts."""

import heapq
from collections.abc import Sequence

from lakeshot.dynamodb.export_manifest import DataFile
from lakeshot.model import Model

PARTS_PER_SLOT = 4
"""So that slots whose parts end early find others."""
ITEMS_PER_PART = 1_000_000
"""So that one lost task repeats little; a file is never shared by two parts."""
MOST_PARTS = 10_000


class ExportPart(Model):
    """The data files that one worker reads, in the order of the manifests that name them."""

    number: int
    bucket: str
    files: tuple[DataFile, ...]


def export_parts(bucket: str, files: Sequence[DataFile], slots: int) -> list[ExportPart]:
    """The files in parts of about as many items each, for a job that works on ``slots`` parts at a time.

    Files without items are read too: that they have none is for them to say.
    """
    wanted = max(PARTS_PER_SLOT * slots, sum(file.items for file in files) // ITEMS_PER_PART + 1)
    count = min(wanted, len(files), MOST_PARTS)
    shares: list[list[int]] = [[] for _ in range(count)]
    least = [(0, number) for number in range(count)]  # by items given so far
    for index in sorted(range(len(files)), key=lambda index: -files[index].items):
        items, number = heapq.heappop(least)
        shares[number].append(index)
        heapq.heappush(least, (items + files[index].items + 1, number))
    return [
        ExportPart(number=number, bucket=bucket, files=tuple(files[index] for index in sorted(share)))
        for number, share in enumerate(shares)
    ]
