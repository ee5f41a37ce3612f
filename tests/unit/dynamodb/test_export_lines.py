"""Lines of an export decode to what pages of a Scan do."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lakeshot.dynamodb.columns import typed
from lakeshot.dynamodb.export_lines import read_lines
from lakeshot.dynamodb.page import PageDecoder
from tests.unit.dynamodb.exports import lines_of
from tests.unit.dynamodb.test_round_trip import Pages, tables
from tests.unit.dynamodb.type_table import scan_response
from tests.unit.examples import at_most


@at_most(60)
@given(pages=tables(), spaced=st.booleans(), ascii_only=st.booleans())
def test_lines_are_read_as_pages_are(pages: Pages, spaced: bool, ascii_only: bool) -> None:
    """The same items make the same table, whichever way they came."""
    decoder = PageDecoder()
    scanned = typed(
        [decoder.decode(scan_response(p, spaced=spaced, ascii_only=ascii_only)).items for p in pages]
    )
    exported = typed([read_lines(lines_of(page, spaced=spaced, ascii_only=ascii_only)) for page in pages])
    assert exported[1] == scanned[1]
    assert exported[0].equals(scanned[0])


ITEM = b'{"Item":{"a":{"S":"x"}}}'
REFUSED = {
    "no JSON": b"junk",
    "a cut line": b'{"Item":{"a":{"S":"x"',
    "an empty line": b"",
    "no item": b"{}",
    "an item without its name": b'{"a":{"S":"x"}}',
    "another name": b'{"Itom":{"a":{"S":"x"}}}',
    "more than an item": b'{"Item":{"a":{"S":"x"}},"Keys":{}}',
    "an item and a word": b'{"Item":{"a":{"S":"x"}},"b":1}',
    "two items": b'{"Item":{"a":{"S":"x"}}},{"Item":{}}',
    "a list of items": b'[{"Item":{"a":{"S":"x"}}}]',
    "an item that is a list": b'{"Item":["a"]}',
    "a word": b'{"Item":1}',
    "a word behind": b'{"Item":{"a":{"S":"x"}}}1',
    "a word before": b'1{"Item":{"a":{"S":"x"}}}',
    "an end too early": b'{"Item":{"a":{"S":"x"}}]',
    "the list's end": b'{"Item":{"a":{"S":"x"}}},],[',
    "a line end in a text": b'{"Item":{"a":{"S":"x\ny"}}}',
    "an attribute that is none": b'{"Item":{"a":"x"}}',
}


@pytest.mark.parametrize("case", REFUSED)
@pytest.mark.parametrize("before", [b"", ITEM + b"\n"])
@pytest.mark.parametrize("after", [b"\n", b"\n" + ITEM + b"\n"])
def test_what_is_no_item_is_refused(case: str, before: bytes, after: bytes) -> None:
    """First, last and between others: never fewer or other items."""
    with pytest.raises(
        ValueError, match=r"brackets do not match|no JSON objects|no list of items|type tag says"
    ):
        read_lines(before + REFUSED[case] + after)
