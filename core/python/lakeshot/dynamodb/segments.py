"""Into how many segments a table's scan is cut."""

import math

SLOTS_PER_WORKER = {"G.1X": 4, "G.2X": 8, "G.4X": 16, "G.8X": 32}
"""Tasks one Glue worker runs at a time; one worker is the driver (AWS Glue developer guide)."""
BYTES_PER_SEGMENT = 256 * 1024**2
LEAST_BYTES_PER_SEGMENT = 8 * 1024**2
MOST_SEGMENTS = 10_000


def task_slots(workers: int, worker_type: str) -> int:
    """Tasks that a job of a given size works on at a time."""
    return (workers - 1) * SLOTS_PER_WORKER[worker_type]


def segment_count(*, size_bytes: int, workers: int, worker_type: str) -> int:
    """Segments of a table of a given size for a job of a given size.

    A segment is about 256 MiB, so that one lost task repeats little. There are at least two a slot,
    so that slots whose segments end early find others, unless that makes segments under 8 MiB. A
    table whose size DynamoDB does not know yet gets one a slot.
    """
    slots = task_slots(workers, worker_type)
    if size_bytes == 0:
        return slots
    wanted = max(math.ceil(size_bytes / BYTES_PER_SEGMENT), 2 * slots)
    return max(1, min(wanted, math.ceil(size_bytes / LEAST_BYTES_PER_SEGMENT), MOST_SEGMENTS))
