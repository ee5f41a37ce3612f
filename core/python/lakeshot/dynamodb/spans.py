"""Many spans of one byte string at once. Spans are given by starts and ends, in order and disjoint."""

import numpy as np
import numpy.typing as npt
import pyarrow as pa

Bytes = npt.NDArray[np.uint8]
Mask = npt.NDArray[np.bool_]
Positions = npt.NDArray[np.signedinteger]


def cut(characters: Bytes, starts: Positions, ends: Positions) -> pa.StringArray:
    """Each span as one string.

    They are taken out of an array that lies over the bytes as they are, where every second string is one.
    """
    bounds = np.column_stack((starts, ends)).astype(np.int32)
    pieces = pa.StringArray.from_buffers(
        max(0, bounds.size - 1), pa.py_buffer(bounds), pa.py_buffer(characters)
    )
    return pieces.take(pa.array(np.arange(0, bounds.size, 2, dtype=np.int32)))
