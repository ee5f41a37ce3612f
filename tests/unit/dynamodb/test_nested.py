"""The JSON text of maps and lists, row by row as docs/types.md has it."""

import pytest

from lakeshot.dynamodb.nested import cut_nested, has_nested
from tests.unit.dynamodb.type_table import Value, scan_response


def text_of(value: Value) -> str:
    """The JSON text of the one value that is a list's element, without the list's brackets."""
    _, texts = cut_nested(scan_response([{"a": {"L": [value]}}]))
    text: str = texts[2].as_py()
    assert (text[0], text[-1]) == ("[", "]")
    return text[1:-1]


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ({"S": "a"}, '"a"'),
        ({"S": ""}, '""'),
        ({"S": '{"S":"}'}, '"{\\"S\\":\\"}"'),
        ({"N": "1.50"}, "1.50"),
        ({"N": "-1E-130"}, "-1E-130"),
        ({"N": "12345678901234567890123456789012345678"}, "12345678901234567890123456789012345678"),
        ({"N": ".5"}, '{"N":".5"}'),
        ({"N": "007"}, '{"N":"007"}'),
        ({"BOOL": True}, "true"),
        ({"BOOL": False}, "false"),
        ({"NULL": True}, "null"),
        ({"L": []}, "[]"),
        ({"L": [{"N": "1"}, {"S": "a"}, {"L": [{"NULL": True}]}]}, '[1,"a",[null]]'),
        ({"M": {}}, "{}"),
        ({"M": {"a": {"N": "1"}}}, '{"a":1}'),
        ({"M": {"": {"M": {}}, "b": {"BOOL": True}}}, '{"":{},"b":true}'),
        ({"B": "AAE="}, '{"B":"AAE="}'),
        ({"SS": ["a"]}, '{"SS":["a"]}'),
        ({"NS": ["1", ".5"]}, '{"NS":["1",".5"]}'),
        ({"BS": ["AAE="]}, '{"BS":["AAE="]}'),
        ({"M": {"N": {"N": "1"}}}, '{"M":{"N":1}}'),
        ({"M": {"B": {"S": "x"}}}, '{"M":{"B":"x"}}'),
        ({"M": {"SS": {"L": []}}}, '{"M":{"SS":[]}}'),
        ({"M": {"NS": {"NULL": True}}}, '{"M":{"NS":null}}'),
        ({"M": {"BS": {"BS": ["AA=="]}}}, '{"M":{"BS":{"BS":["AA=="]}}}'),
        ({"M": {"M": {"M": {"M": {"M": {}}}}}}, '{"M":{"M":{"M":{"M":{}}}}}'),
        ({"M": {"N": {"N": "1"}, "B": {"N": "2"}}}, '{"N":1,"B":2}'),
        ({"M": {"S": {"S": "x"}}}, '{"S":"x"}'),
        ({"M": {"L": {"L": []}}}, '{"L":[]}'),
        ({"M": {"BOOL": {"BOOL": True}}}, '{"BOOL":true}'),
        ({"M": {"NULL": {"NULL": True}}}, '{"NULL":null}'),
        ({"M": {"Name": {"S": "x"}}}, '{"Name":"x"}'),
        ({"M": {"SSE": {"S": "x"}}}, '{"SSE":"x"}'),
    ],
)
def test_each_row_of_the_json_text_table(value: Value, text: str) -> None:
    """A nested value's text is plain JSON, and keeps a tag exactly where JSON could not tell."""
    assert text_of(value) == text


def test_numbers_take_the_place_of_maps_and_lists() -> None:
    """What is left for the parser are numbers, which index the texts; empty ones share two texts."""
    items: list[dict[str, Value]] = [
        {"a": {"M": {"k": {"S": "v"}}}, "b": {"L": []}, "c": {"S": "x"}},
        {"a": {"M": {}}, "b": {"L": [{"N": "1"}]}},
    ]
    page, texts = cut_nested(scan_response(items))
    assert page == (
        b'{"Count":2,"Items":[{"a":{"M":       2},"b":{"L": 1},"c":{"S":"x"}},'
        b'{"a":{"M": 0},"b":{"L":       3}}],"ScannedCount":2}'
    )
    assert texts.to_pylist() == ["{}", "[]", '{"k":"v"}', "[1]"]


def test_the_smallest_values_leave_room_for_their_numbers() -> None:
    """Ten bytes are the least that is cut out, and a number takes eight."""
    items: list[dict[str, Value]] = [
        {"a": {"L": [{"S": ""}]}},
        {"a": {"L": [{"L": []}]}},
        {"a": {"M": {"": {"M": {}}}}},
    ]
    page, texts = cut_nested(scan_response(items))
    assert page.count(b'{"a":{"L":       ') == 2
    assert texts.to_pylist()[2:] == ['[""]', "[[]]", '{"":{}}']


@pytest.mark.parametrize(
    ("page", "nested"),
    [(b'{"a":{"S":"x"}}', False), (b'{"a":{"M":{}}}', True), (b'{"a":{ "L" : []}}', True), (b"", False)],
)
def test_pages_without_maps_and_lists_are_told_by_a_glance(page: bytes, nested: bool) -> None:
    """Only a page that may hold a map or list is taken apart."""
    assert has_nested(page) is nested
