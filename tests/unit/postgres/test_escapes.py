"""Texts come out of COPY's escapes whole, wherever nulls and empty ones stand."""

import pyarrow as pa
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from lakeshot.postgres.escapes import undone

ESCAPES = {
    "\\": "\\\\",
    "\b": "\\b",
    "\f": "\\f",
    "\n": "\\n",
    "\r": "\\r",
    "\t": "\\t",
    "\v": "\\v",
}
"""PostgreSQL's documentation of COPY, "Text Format"."""
CHARACTERS = st.sampled_from([*ESCAPES, *"bfnrtvN.x0", "é", "😀", "\x01"])


def escaped(text: str) -> str:
    return "".join(ESCAPES.get(character, character) for character in text)


@given(values=st.lists(st.none() | st.text(CHARACTERS, max_size=9)))
@example(values=["\\" * 7 + "n", "\\", None, "", "\n"])
def test_texts_come_out_of_their_escapes(values: list[str | None]) -> None:
    """Each value is what it was before."""
    texts = pa.array([None if value is None else escaped(value) for value in values], pa.string())
    found = undone(texts)
    found.validate(full=True)
    assert found.to_pylist() == values


@pytest.mark.parametrize("values", [[], [None], [""], ["plain", None, "text"]])
def test_texts_without_escapes_stay_as_they_are(values: list[str | None]) -> None:
    """They are not even copied."""
    texts = pa.array(values, pa.string())
    assert undone(texts) is texts
