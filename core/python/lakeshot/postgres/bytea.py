"""Bytes out of their hex text: one call into C for all values, not one per value."""

from binascii import unhexlify

import numpy as np
import pyarrow as pa

_PREFIX = len(r"\\x")
"""COPY writes the backslash of ``\\x`` twice."""


def decode(texts: pa.StringArray) -> pa.BinaryArray:
    r"""The bytes of each text such as ``\\x00ff``; nulls stay null. The texts are no slice of others."""
    validity, offsets, data = texts.buffers()
    bounds = np.frombuffer(offsets, np.int32)[: len(texts) + 1]
    characters = np.frombuffer(data or b"", np.uint8)[: bounds[-1]]
    filled = np.diff(bounds) > 0  # an empty value has its prefix
    prefixes = bounds[:-1][filled]
    digits = np.delete(characters, np.concatenate([prefixes + place for place in range(_PREFIX)]))
    before = np.concatenate(([0], np.cumsum(filled, dtype=np.int32)))
    ends = ((bounds - _PREFIX * before) // 2).astype(np.int32)
    values = [
        validity if texts.null_count else None,
        pa.py_buffer(ends),
        pa.py_buffer(unhexlify(digits.data)),
    ]
    return pa.Array.from_buffers(pa.binary(), len(texts), values)
