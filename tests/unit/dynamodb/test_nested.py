"""The JSON text of maps and lists, row by row as docs/types.md has it."""

import pytest

from lakeshot.dynamodb.page import PageDecoder
from lakeshot.dynamodb.wrappers import TAGS
from tests.unit.dynamodb.type_table import Value, scan_response


def text_of(value: Value) -> str:
    """The JSON text of the one value that is a list's element, without the list's brackets."""
    (text,) = PageDecoder().decode(scan_response([{"a": {"L": [value]}}])).items.texts.to_pylist()
    assert (text[0], text[-1]) == ("[", "]")
    return str(text[1:-1])


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


def test_values_keep_their_places() -> None:
    """Dropping wrappers from one value moves no other one's text, name or tag."""
    items: list[dict[str, Value]] = [
        {"a": {"M": {"k": {"S": "v"}}}, "b": {"L": []}, "c": {"S": "x"}},
        {"a": {"M": {}}, "b": {"L": [{"N": "1"}, {"NULL": True}]}, "c": {"N": "7"}},
        {"a": {"M": {"N": {"N": "1"}}}, "c": {"NULL": True}},
    ]
    decoded = PageDecoder().decode(scan_response(items)).items
    assert [
        (int(row), decoded.column_names[attribute], TAGS[tag], text)
        for row, attribute, tag, text in zip(
            decoded.rows, decoded.attributes, decoded.tags, decoded.texts.to_pylist(), strict=True
        )
    ] == [
        (0, "a", "M", '{"k":"v"}'),
        (0, "b", "L", "[]"),
        (0, "c", "S", "x"),
        (1, "a", "M", "{}"),
        (1, "b", "L", "[1,null]"),
        (1, "c", "N", "7"),
        (2, "a", "M", '{"M":{"N":1}}'),
        (2, "c", "NULL", "true"),
    ]
