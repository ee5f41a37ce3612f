"""Base64 of whole Arrow arrays: one call into C for all values, not one per value.

The values lie side by side in one buffer. Only padding keeps them from being one base64 text: it is
replaced before decoding and the zero bytes it yields are dropped after; encoding goes the other way.
"""

from binascii import Error, a2b_base64, b2a_base64

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

_PADDING = np.uint8(ord("="))
_ZEROS = np.uint8(ord("A"))
"""The character of six zero bits."""
_GROUP_CHARACTERS = 4
_GROUP_BYTES = 3


def decode(texts: pa.StringArray) -> pa.BinaryArray:
    """The bytes of each padded base64 text; nulls stay null.

    ``ValueError`` if a text is not base64 (RFC 4648, section 4).
    """
    starts, ends, text = _values(texts)
    if ((ends - starts) % _GROUP_CHARACTERS).any():
        raise ValueError("a binary value is not base64: its length is no multiple of 4")
    padding = _padding(text, starts, ends)
    padded = text == _PADDING
    if padded.sum() != padding.sum():
        raise ValueError("a binary value is not base64: padding stands before its end")
    try:
        decoded = a2b_base64(np.where(padded, _ZEROS, text).tobytes(), strict_mode=True)
    except Error as error:
        raise ValueError(f"a binary value is not base64: {error}") from error
    byte_ends = ends // _GROUP_CHARACTERS * _GROUP_BYTES
    kept = np.delete(np.frombuffer(decoded, np.uint8), _last_bytes(byte_ends, padding))
    return _array(pa.binary(), np.cumsum(np.diff(byte_ends, prepend=0) - padding), kept, texts)


def encode(values: pa.BinaryArray) -> pa.StringArray:
    """The padded base64 text of each value; nulls stay null."""
    starts, ends, data = _values(values)
    lengths = ends - starts
    padding = -lengths % _GROUP_BYTES
    spread = np.insert(data, np.repeat(ends, padding), 0)
    text = np.frombuffer(b2a_base64(spread.tobytes(), newline=False), np.uint8).copy()
    text_ends = np.cumsum((lengths + padding) // _GROUP_BYTES * _GROUP_CHARACTERS)
    text[_last_bytes(text_ends, padding)] = _PADDING
    return _array(pa.string(), text_ends, text, values)


def _values(
    array: pa.Array,
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64], npt.NDArray[np.uint8]]:
    """Where each value starts and ends in the buffer of all of them; a null is empty."""
    lengths = pc.fill_null(pc.binary_length(array), 0).to_numpy(zero_copy_only=False).astype(np.int64)
    ends = np.cumsum(lengths)
    compact = pc.fill_null(array, b"" if pa.types.is_binary(array.type) else "")
    _, offsets, data = compact.buffers()
    if data is None or not len(ends):
        return ends - lengths, ends, np.empty(0, np.uint8)
    first = np.frombuffer(offsets, np.int32)[compact.offset]
    return ends - lengths, ends, np.frombuffer(data, np.uint8)[first : first + ends[-1]]


def _padding(
    text: npt.NDArray[np.uint8], starts: npt.NDArray[np.int64], ends: npt.NDArray[np.int64]
) -> npt.NDArray[np.int64]:
    """Padding characters at each text's end: none, one or two."""
    if not text.size:
        return np.zeros_like(ends)
    filled = ends > starts
    last = filled & (text[ends - 1] == _PADDING)
    count: npt.NDArray[np.int64] = last.astype(np.int64) + (last & (text[ends - 2] == _PADDING))
    return count


def _last_bytes(ends: npt.NDArray[np.int64], counts: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """Positions of the last one or two bytes before each end."""
    return np.concatenate((ends[counts > 0] - 1, ends[counts > 1] - 2))


def _array(
    data_type: pa.DataType, ends: npt.NDArray[np.int64], data: npt.NDArray[np.uint8], like: pa.Array
) -> pa.Array:
    offsets = np.concatenate(([0], ends)).astype(np.int32)
    values = pa.Array.from_buffers(data_type, len(like), [None, pa.py_buffer(offsets), pa.py_buffer(data)])
    return pc.if_else(pc.is_null(like), None, values) if like.null_count else values
