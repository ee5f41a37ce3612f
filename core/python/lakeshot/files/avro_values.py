"""Arrow's values as Avro writes them, all of a column at once (its specification 1.11, "Binary Encoding")."""

from collections.abc import Callable, Mapping

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from lakeshot.columns.lists import map_elements
from lakeshot.columns.types import ColumnType, Scalar
from lakeshot.files.avro_container import long

_DECIMAL_BYTES = 16
"""As Arrow has them, however few digits there are."""


def encoded(values: pa.Array, kind: ColumnType) -> pa.Array:
    """The bytes of each value; nulls stay null."""
    if kind.is_array:
        elements = map_elements(values, lambda inner: encoded(inner, kind.element))
        lengths = pc.list_value_length(values)
        end = pc.if_else(pc.equal(lengths, 0), b"", b"\0")  # no elements are nothing but the zero
        return pc.binary_join_element_wise(_varints(lengths), pc.binary_join(elements, b""), end, b"")
    return _OF_SCALARS.get(kind.scalar, _sized)(values)


def _sized(texts: pa.Array) -> pa.Array:
    data = pc.cast(texts, pa.binary())
    return pc.binary_join_element_wise(_varints(pc.binary_length(data)), data, b"")


def _booleans(values: pa.Array) -> pa.Array:
    return pc.if_else(values, b"\x01", b"\0")


def _days(dates: pa.Array) -> pa.Array:
    return _varints(pc.cast(dates, pa.int32()))


def _varints(numbers: pa.Array) -> pa.Array:
    """As ``avro_container.long`` does, all at once."""
    given = pc.fill_null(numbers, 0).to_numpy(zero_copy_only=False).astype(np.int64)
    zigzag = ((given << 1) ^ (given >> 63)).astype(np.uint64)
    lengths = np.ones(len(zigzag), np.int64)
    for bits in range(7, 64, 7):
        lengths += zigzag >= np.uint64(1 << bits)
    ends = np.cumsum(lengths)
    starts, data = ends - lengths, np.zeros(int(ends[-1]) if len(ends) else 0, np.uint8)
    for position in range(int(lengths.max(initial=0))):
        longer = lengths > position
        septets = (zigzag[longer] >> np.uint64(7 * position)).astype(np.uint8) & 0x7F
        more = (lengths[longer] > position + 1).astype(np.uint8) << 7
        data[starts[longer] + position] = septets | more
    return _binary(ends, data, numbers)


def _decimals(numbers: pa.Array) -> pa.Array:
    """Sixteen bytes each, the highest first, after their number."""
    words = np.frombuffer(numbers.buffers()[1], np.uint8)
    first = numbers.offset * _DECIMAL_BYTES
    given = words[first : first + len(numbers) * _DECIMAL_BYTES].reshape(-1, _DECIMAL_BYTES)
    size = np.full((len(numbers), 1), long(_DECIMAL_BYTES)[0], np.uint8)
    data = np.hstack((size, given[:, ::-1]))
    return _binary(np.arange(1, len(numbers) + 1) * data.shape[1], data.reshape(-1), numbers)


def _floats(numbers: pa.Array) -> pa.Array:
    """Eight bytes each, or four, the lowest first."""
    given = pc.fill_null(numbers, 0).to_numpy(zero_copy_only=False)
    ends = np.arange(1, len(numbers) + 1) * given.itemsize
    return _binary(ends, given.astype(given.dtype.newbyteorder("<")).view(np.uint8), numbers)


def _binary(ends: npt.NDArray[np.int64], data: npt.NDArray[np.uint8], like: pa.Array) -> pa.Array:
    offsets = np.concatenate(([0], ends)).astype(np.int32)
    values = pa.Array.from_buffers(
        pa.binary(), len(like), [None, pa.py_buffer(offsets), pa.py_buffer(np.ascontiguousarray(data))]
    )
    return pc.if_else(pc.is_null(like), None, values) if like.null_count else values


_OF_SCALARS: Mapping[Scalar, Callable[[pa.Array], pa.Array]] = {
    Scalar.BIGINT: _varints,
    Scalar.DECIMAL: _decimals,
    Scalar.DOUBLE: _floats,
    Scalar.REAL: _floats,
    Scalar.BOOLEAN: _booleans,
    Scalar.DATE: _days,
}
"""All others are bytes, or text, after their number."""
