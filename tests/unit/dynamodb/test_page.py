"""Scan bytes to raw columns: shape of the answer, odd names, large items, refusals."""

import json
from itertools import count

import pyarrow as pa
import pytest

from lakeshot.dynamodb.page import PageDecoder
from lakeshot.errors import SourceError
from tests.unit.dynamodb.type_table import Value, scan_response


def test_the_answers_counts_key_and_units_are_read() -> None:
    """Beside the items a page says how many there were, where to go on, and what it cost."""
    key = {"id": {"S": "2026-01-01"}, "sort": {"B": "AAE="}, "number": {"N": "1"}}
    capacity = {"TableName": "reviews", "CapacityUnits": 128.5, "Table": {"CapacityUnits": 128.5}}
    body = scan_response(
        [{"id": {"S": "x"}}], LastEvaluatedKey=key, ConsumedCapacity=capacity, ScannedCount=7
    )
    page = PageDecoder().decode(body)
    assert (page.count, page.scanned_count, page.consumed_units) == (1, 7, 128.5)
    assert page.last_evaluated_key == {
        "id": {"S": "2026-01-01"},
        "sort": {"B": b"\x00\x01"},
        "number": {"N": "1"},
    }


def test_a_last_page_without_items_has_no_key() -> None:
    """A page with no items decodes to no rows, and nothing to go on from."""
    page = PageDecoder().decode(b'{"Count":0,"Items":[],"ScannedCount":0}')
    assert (page.count, page.items.num_rows, page.items.column_names) == (0, 0, [])
    assert (page.last_evaluated_key, page.consumed_units) == (None, None)


def test_a_page_without_items_may_go_on() -> None:
    """Where a filter drops all items the key still tells where to go on."""
    body = scan_response([], ScannedCount=900, LastEvaluatedKey={"M": {"S": "x"}})
    page = PageDecoder().decode(body)
    assert (page.count, page.scanned_count, page.last_evaluated_key) == (0, 900, {"M": {"S": "x"}})


def test_raw_columns_hold_the_tags_met() -> None:
    """A raw column is a struct of the tags its attribute was met with; dates stay text."""
    page = PageDecoder().decode(
        scan_response([{"a": {"S": "2026-01-01"}}, {"a": {"N": "1"}}, {"b": {"NS": ["1"]}}])
    )
    assert page.items.schema == pa.schema(
        [
            ("a", pa.struct([("S", pa.string()), ("N", pa.string())])),
            ("b", pa.struct([("NS", pa.list_(pa.string()))])),
        ]
    )
    assert page.items.to_pylist() == [
        {"a": {"S": "2026-01-01", "N": None}, "b": None},
        {"a": {"S": None, "N": "1"}, "b": None},
        {"a": None, "b": {"NS": ["1"]}},
    ]


def test_an_attribute_first_met_on_a_later_page_is_kept() -> None:
    """However late and rare an attribute is, its value and its text are there."""
    decoder = PageDecoder()
    decoder.decode(scan_response([{"id": {"S": "1"}}]))
    items = [{"id": {"S": str(number)}} for number in range(1000)] + [{"late": {"S": "2026-01-01"}}]
    page = decoder.decode(scan_response(items))
    assert page.items.column("late").to_pylist() == [None] * 1000 + [{"S": "2026-01-01"}]


def test_a_page_lacks_columns_for_attributes_of_earlier_pages() -> None:
    """A page's columns are those it has values for."""
    decoder = PageDecoder()
    decoder.decode(scan_response([{"early": {"S": "1"}}]))
    assert decoder.decode(scan_response([{"id": {"S": "1"}}])).items.column_names == ["id"]


@pytest.mark.parametrize(
    "name", ["a.b", 'q"uote', "back\\slash", "ünï", "\U0001f600", "{", "S", "M", "L", "Items", " "]
)
@pytest.mark.parametrize("ascii_only", [True, False])
def test_odd_names_at_any_level(name: str, ascii_only: bool) -> None:
    """No name of an attribute or of a map's key is mistaken for structure."""
    item = {name: {"M": {name: {"S": name}, "other": {"L": [{"M": {name: {"N": "1"}, "z": {"N": "2"}}}]}}}}
    page = PageDecoder().decode(scan_response([item], ascii_only=ascii_only))
    (text,) = page.items.column(name).to_pylist()
    assert json.loads(text["M"]) == {name: name, "other": [{name: 1, "z": 2}]}


def test_names_that_differ_in_case_stay_apart() -> None:
    """Attribute names are DynamoDB's, case and all."""
    page = PageDecoder().decode(scan_response([{"Id": {"S": "1"}, "id": {"S": "2"}}]))
    assert page.items.to_pylist() == [{"Id": {"S": "1"}, "id": {"S": "2"}}]


def test_1600_attributes() -> None:
    """Each of 1,600 attributes becomes a column, also where every item has only one of them."""
    page = PageDecoder().decode(scan_response([{f"a{number}": {"N": str(number)}} for number in range(1600)]))
    assert page.items.num_columns == 1600
    assert page.items.column("a1599").to_pylist()[1598:] == [None, {"N": "1599"}]


def test_an_item_of_400_kb() -> None:
    """The largest item DynamoDB stores arrives whole."""
    text = 'é"\\' * 100_000
    page = PageDecoder().decode(scan_response([{"m": {"M": {"text": {"S": text}}}, "s": {"S": text}}]))
    (item,) = page.items.to_pylist()
    assert item["s"]["S"] == text
    assert json.loads(item["m"]["M"]) == {"text": text}


def test_distinct_map_keys_make_no_fields() -> None:
    """3,000 maps of 10 keys of their own are 3,000 texts in one column, not 30,000 fields."""
    number = count()
    items = [{"m": {"M": {f"key{next(number)}": {"N": "1"} for _ in range(10)}}} for _ in range(3000)]
    page = PageDecoder().decode(scan_response(items))
    assert page.items.schema == pa.schema([("m", pa.struct([("M", pa.string())]))])
    assert page.items.column("m")[2999].as_py()["M"] == (
        '{"key29990":1,"key29991":1,"key29992":1,"key29993":1,"key29994":1,'
        '"key29995":1,"key29996":1,"key29997":1,"key29998":1,"key29999":1}'
    )


@pytest.mark.parametrize("indent", [None, 1])
@pytest.mark.parametrize(
    "value", [{"S": "a, b: c\n{"}, {"M": {"k": {"S": "a, b: c\n{"}, "n": {"NULL": True}}}]
)
def test_white_space_between_tokens_changes_nothing(value: Value, indent: int | None) -> None:
    """A stand-in's ``": "`` and even line ends decode to what DynamoDB's compact text does."""
    items = [{"a": value}, {"a": value}]
    spaced = json.dumps({"Items": items, "Count": 2, "ScannedCount": 2}, indent=indent)
    decoded = PageDecoder().decode(spaced.replace("\n", "\r\n").encode())
    assert decoded == PageDecoder().decode(scan_response(items))


REFUSED = {
    "cut off": (b'{"Count":1,"Items":[{"a":{"S":"x"', "JSON parse error"),
    "cut off in a map": (b'{"Count":1,"Items":[{"a":{"M":{"k":{"S":"x"', "brackets do not match"),
    "not JSON": (b"<html>503</html>", "JSON parse error"),
    "nothing": (b"", "Empty JSON file"),
    "no items": (b'{"Count":1,"ScannedCount":1}', "it holds no Items"),
    "no counts": (b'{"Items":[]}', "it holds no Count, ScannedCount"),
    "fewer items than counted": (
        b'{"Count":2,"Items":[{"a":{"S":"x"}}],"ScannedCount":2}',
        "says Count 2 and holds 1",
    ),
    "unknown tag": (
        b'{"Count":1,"Items":[{"a":{"X":"x"}}],"ScannedCount":1}',
        "attribute 'a' holds struct<X: string>",
    ),
    "no tag": (b'{"Count":1,"Items":[{"a":"x"}],"ScannedCount":1}', "attribute 'a' holds string"),
    "unknown tag in a map": (
        b'{"Count":1,"Items":[{"a":{"M":{"k":{"X":"x"}}}}],"ScannedCount":1}',
        "a value is not what its type tag says; known tags: S, L",
    ),
    "a map that is none": (
        b'{"Count":1,"Items":[{"a":{"M":"b"}}],"ScannedCount":1}',
        "a value is not what its type tag says",
    ),
    "a tag that begins like another": (
        b'{"Count":1,"Items":[{"a":{"L":[{"SSX":["b"]}]}}],"ScannedCount":1}',
        "a value is not what its type tag says",
    ),
    "value of another kind": (b'{"Count":1,"Items":[{"a":{"S":1}}],"ScannedCount":1}', "JSON parse error"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_is_no_whole_scan_answer_is_refused(case: str) -> None:
    """A body that cannot be all of an answer is an error, never fewer or other rows."""
    body, reason = REFUSED[case]
    with pytest.raises(SourceError, match=reason):
        PageDecoder().decode(body)
