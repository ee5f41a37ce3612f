"""Bytes come out of their hex text whole, wherever nulls and empty values stand."""

import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st

from lakeshot.postgres.bytea import decode


@given(values=st.lists(st.none() | st.binary(max_size=9)))
def test_bytes_come_out_of_their_hex_text(values: list[bytes | None]) -> None:
    """Each value is what it was before."""
    texts = pa.array([None if value is None else "\\\\x" + value.hex() for value in values], pa.string())
    decoded = decode(texts)
    decoded.validate(full=True)
    assert decoded.to_pylist() == values
