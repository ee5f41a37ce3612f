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


def slices(characters: Bytes, starts: Positions, ends: Positions) -> pa.StringArray:
    """Each span as one string; for spans that are a small part of the bytes."""
    offsets = _offsets(ends - starts)
    indices = np.repeat(starts - offsets[:-1], ends - starts) + np.arange(offsets[-1])
    return _strings(offsets, characters[indices])


def kept_slices(characters: Bytes, kept: Mask, starts: Positions, ends: Positions) -> pa.StringArray:
    """The kept bytes of each span as one string; nothing outside the spans may be kept."""
    bounds = np.column_stack((starts, ends)).ravel()
    lengths = np.add.reduceat(kept, bounds, dtype=np.int32)[::2] if bounds.size else bounds
    return _strings(_offsets(lengths), characters[kept])


def _offsets(lengths: npt.NDArray[np.integer]) -> npt.NDArray[np.int32]:
    return np.concatenate(([0], np.cumsum(lengths))).astype(np.int32)


def _strings(offsets: npt.NDArray[np.int32], data: Bytes) -> pa.StringArray:
    return pa.StringArray.from_buffers(len(offsets) - 1, pa.py_buffer(offsets), pa.py_buffer(data))
