"""Scan bytes to raw columns: shape of the answer, odd names, large items, refusals."""

import json
from itertools import count

import pytest

from lakeshot.dynamodb.columns import typed
from lakeshot.dynamodb.page import Page, PageDecoder
from lakeshot.dynamodb.wrappers import TAGS
from lakeshot.errors import SourceError
from tests.unit.dynamodb.type_table import Value, scan_response


def rows_of(page: Page) -> list[dict[str, object]]:
    """The page's items by column; attributes an item lacks are ``None``."""
    table, _ = typed([page.items])
    rows: list[dict[str, object]] = table.to_pylist()
    return rows


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
    assert (page.count, page.items.num_rows, page.items.column_names) == (0, 0, ())
    assert (page.last_evaluated_key, page.consumed_units) == (None, None)


def test_a_page_without_items_may_go_on() -> None:
    """Where a filter drops all items the key still tells where to go on."""
    body = scan_response([], ScannedCount=900, LastEvaluatedKey={"M": {"S": "x"}})
    page = PageDecoder().decode(body)
    assert (page.count, page.scanned_count, page.last_evaluated_key) == (0, 900, {"M": {"S": "x"}})


def test_a_page_holds_an_entry_per_attribute_of_an_item() -> None:
    """A page has no room for what an item lacks; dates stay text, sets their JSON."""
    items = (
        PageDecoder()
        .decode(scan_response([{"a": {"S": "2026-01-01"}}, {}, {"b": {"NS": ["1"]}, "a": {"N": "1"}}]))
        .items
    )
    assert (items.num_rows, items.column_names) == (3, ("a", "b"))
    assert items.rows.tolist() == [0, 2, 2]
    assert items.attributes.tolist() == [0, 1, 0]
    assert [TAGS[tag] for tag in items.tags] == ["S", "NS", "N"]
    assert items.texts.to_pylist() == ["2026-01-01", '["1"]', "1"]


def test_an_attribute_first_met_on_a_later_page_is_kept() -> None:
    """However late and rare an attribute is, its value and its text are there."""
    decoder = PageDecoder()
    decoder.decode(scan_response([{"id": {"S": "1"}}]))
    items = [{"id": {"S": str(number)}} for number in range(1000)] + [{"late": {"S": "2026-01-01"}}]
    rows = rows_of(decoder.decode(scan_response(items)))
    assert [row["late"] for row in rows] == [None] * 1000 + ["2026-01-01"]


def test_a_page_lacks_columns_for_attributes_of_earlier_pages() -> None:
    """A page's columns are those it has values for."""
    decoder = PageDecoder()
    decoder.decode(scan_response([{"early": {"S": "1"}}]))
    assert decoder.decode(scan_response([{"id": {"S": "1"}}])).items.column_names == ("id",)


@pytest.mark.parametrize(
    "name", ["a.b", 'q"uote', "back\\slash", "ünï", "\U0001f600", "{", "S", "M", "L", "Items", " "]
)
@pytest.mark.parametrize("ascii_only", [True, False])
def test_odd_names_at_any_level(name: str, ascii_only: bool) -> None:
    """No name of an attribute or of a map's key is mistaken for structure."""
    item = {name: {"M": {name: {"S": name}, "other": {"L": [{"M": {name: {"N": "1"}, "z": {"N": "2"}}}]}}}}
    page = PageDecoder().decode(scan_response([item], ascii_only=ascii_only))
    assert page.items.column_names == (name,)
    (text,) = page.items.texts.to_pylist()
    assert json.loads(text) == {name: name, "other": [{name: 1, "z": 2}]}


def test_names_that_differ_in_case_stay_apart() -> None:
    """Attribute names are DynamoDB's, case and all."""
    page = PageDecoder().decode(scan_response([{"Id": {"S": "1"}, "id": {"S": "2"}}]))
    assert page.items.column_names == ("Id", "id")
    assert page.items.texts.to_pylist() == ["1", "2"]


def test_1600_attributes() -> None:
    """Each of 1,600 attributes becomes a column, also where every item has only one of them."""
    page = PageDecoder().decode(scan_response([{f"a{number}": {"N": str(number)}} for number in range(1600)]))
    assert len(page.items.column_names) == 1600
    assert [row["a1599"] for row in rows_of(page)][1598:] == [None, 1599]


def test_an_item_of_400_kb() -> None:
    """The largest item DynamoDB stores arrives whole."""
    text = 'é"\\' * 100_000
    page = PageDecoder().decode(scan_response([{"m": {"M": {"text": {"S": text}}}, "s": {"S": text}}]))
    (row,) = rows_of(page)
    assert row["s"] == text
    assert json.loads(str(row["m"])) == {"text": text}


def test_distinct_map_keys_make_no_fields() -> None:
    """3,000 maps of 10 keys of their own are 3,000 texts in one column, not 30,000 fields."""
    number = count()
    items = [{"m": {"M": {f"key{next(number)}": {"N": "1"} for _ in range(10)}}} for _ in range(3000)]
    page = PageDecoder().decode(scan_response(items))
    assert page.items.column_names == ("m",)
    assert page.items.texts[2999].as_py() == (
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
    assert rows_of(decoded) == rows_of(PageDecoder().decode(scan_response(items)))


def one_item(item: str, count: int = 1) -> bytes:
    """A response whose list of items holds just this text."""
    return f'{{"Count":{count},"Items":[{item}],"ScannedCount":1}}'.encode()


NO_VALUE = "a value is not what its type tag says; known tags: S, L"
NO_ITEMS = "it is no list of items"
REFUSED = {
    "cut off": (b'{"Count":1,"Items":[{"a":{"S":"x"', "brackets do not match"),
    "cut off in a map": (b'{"Count":1,"Items":[{"a":{"M":{"k":{"S":"x"', "brackets do not match"),
    "brackets of two kinds": (one_item('{"a":{"SS":["x"}}}'), "brackets do not match"),
    "not JSON": (b"<html>503</html>", "it holds no Items"),
    "nothing": (b"", "it holds no Items"),
    "no items": (b'{"Count":1,"ScannedCount":1}', "it holds no Items"),
    "items in something else": (b'{"a":{"Items":[]},"Count":0,"ScannedCount":0}', "it holds no Items"),
    "no counts": (b'{"Items":[]}', "it holds no Count, ScannedCount"),
    "no JSON around the items": (b'{"Count":0,"Items":[],}', "Expecting property name"),
    "fewer items than counted": (one_item('{"a":{"S":"x"}}', count=2), "says Count 2 and holds 1"),
    "an item that is none": (one_item('{"a":{"S":"x"}},1'), NO_ITEMS),
    "a list for an item": (one_item("[]"), NO_ITEMS),
    "no comma between items": (one_item('{"a":{"S":"x"}}{}', count=2), NO_ITEMS),
    "no comma between attributes": (one_item('{"a":{"S":"x"}"b":{"S":"y"}}'), NO_ITEMS),
    "no name": (one_item('{{"S":"x"}}'), NO_ITEMS),
    "no tag": (one_item('{"a":"x"}'), NO_ITEMS),
    "no tag before another attribute": (one_item('{"a":"x","b":{"S":"y"}}'), "Expecting ',' delimiter"),
    "a name before another attribute": (one_item('{"a","b":{"S":"y"}}'), "not the JSON of as many values"),
    "unknown tag": (one_item('{"a":{"X":"x"}}'), NO_VALUE),
    "unknown tag in a map": (one_item('{"a":{"M":{"k":{"X":"x"}}}}'), NO_VALUE),
    "two tags": (one_item('{"a":{"S":"x","N":"1"}}'), "'a' cannot be read: Expecting ',' delimiter"),
    "two tags, the first a map": (one_item('{"a":{"M":{"k":{"S":"x"}},"L":[]}}'), NO_VALUE),
    "a map that is none": (one_item('{"a":{"M":"b"}}'), NO_VALUE),
    "a tag that begins like another": (one_item('{"a":{"L":[{"SSX":["b"]}]}}'), NO_VALUE),
    "value of another kind": (one_item('{"a":{"S":1}}'), NO_VALUE),
    "no value": (one_item('{"a":{}}'), NO_VALUE),
    "an escape JSON does not know": (one_item('{"a":{"S":"\\x"}}'), "'a' cannot be read: Invalid"),
    "a set of numbers": (one_item('{"a":{"NS":[1]}}'), "'a' cannot be read: not the JSON of texts"),
    "a word that is no truth value": (one_item('{"a":{"BOOL":true,"S":false}}'), "neither true nor false"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_is_no_whole_scan_answer_is_refused(case: str) -> None:
    """A body that cannot be all of an answer is an error, never fewer or other rows."""
    body, reason = REFUSED[case]
    with pytest.raises(SourceError, match=reason):
        rows_of(PageDecoder().decode(body))
