"""Many spans of one byte string at once. Spans are given by starts and ends, in order and disjoint."""

import numpy as np
import numpy.typing as npt
import pyarrow as pa

Bytes = npt.NDArray[np.uint8]
Mask = npt.NDArray[np.bool_]
Positions = npt.NDArray[np.intp]


def cover(size: int, starts: Positions, ends: Positions) -> Mask:
    """Which of ``size`` bytes lie in a span."""
    bounds = np.concatenate(([0], np.column_stack((starts, ends)).ravel(), [size]))
    return np.repeat(np.arange(len(bounds) - 1) % 2 == 1, np.diff(bounds))


def texts(characters: Bytes, kept: Mask, starts: Positions, ends: Positions) -> pa.StringArray:
    """The kept bytes of each span as one string; nothing outside the spans may be kept."""
    bounds = np.column_stack((starts, ends)).ravel()
    lengths = np.add.reduceat(kept, bounds, dtype=np.int32)[::2] if bounds.size else bounds
    offsets = np.concatenate(([0], np.cumsum(lengths))).astype(np.int32)
    return pa.StringArray.from_buffers(len(starts), pa.py_buffer(offsets), pa.py_buffer(characters[kept]))
