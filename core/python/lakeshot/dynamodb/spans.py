"""Many spans of one byte string at once. Spans are given by starts and ends, in order and disjoint."""

import numpy as np
import numpy.typing as npt
import pyarrow as pa

Bytes = npt.NDArray[np.uint8]
Mask = npt.NDArray[np.bool_]
Positions = npt.NDArray[np.intp]
"""Places in a text, or numbers of brackets: of the type with which numpy looks things up fastest."""


def cut(characters: Bytes, starts: Positions, ends: Positions) -> pa.StringArray:
    """Each span as one string.

    They are taken out of an array that lies over the bytes as they are, where every second string is one.
    """
    bounds = np.empty((len(starts), 2), np.int32)
    bounds[:, 0], bounds[:, 1] = starts, ends
    pieces = pa.StringArray.from_buffers(
        max(0, bounds.size - 1), pa.py_buffer(bounds), pa.py_buffer(characters)
    )
    return pieces.take(pa.array(np.arange(0, bounds.size, 2, dtype=np.int32)))
