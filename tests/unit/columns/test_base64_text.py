"""Base64 of whole Arrow arrays."""

from base64 import b64encode

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lakeshot.columns import base64_text

LISTS = st.lists(st.none() | st.binary(max_size=10), max_size=12)


@given(values=LISTS, start=st.integers(0, 3))
def test_arrays_agree_with_the_standard_library(values: list[bytes | None], start: int) -> None:
    """Each value's text, and its bytes again, are the standard library's, in slices too."""
    texts = [None if value is None else b64encode(value).decode() for value in values]
    encoded = base64_text.encode(pa.array(values, pa.binary()).slice(start))
    decoded = base64_text.decode(pa.array(texts, pa.string()).slice(start))
    assert (encoded.to_pylist(), decoded.to_pylist()) == (texts[start:], values[start:])
    encoded.validate(full=True)
    decoded.validate(full=True)


@pytest.mark.parametrize(
    "text", ["A", "AAA", "AA=A", "=AAA", "A===", "====", "AAA!", "AA==AAAA", "-_8=", "AAA\n"]
)
def test_what_is_no_base64_is_refused(text: str) -> None:
    """A text that is not padded base64 is an error, whatever stands beside it."""
    with pytest.raises(ValueError, match="a binary value is not base64"):
        base64_text.decode(pa.array(["AAAA", text, None, "AA=="]))
