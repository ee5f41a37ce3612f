"""Lines of an incremental export decode to what plain JSON says of them."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lakeshot.dynamodb.change_lines import is_change, read_changes
from lakeshot.dynamodb.changes import typed_changes
from lakeshot.dynamodb.columns import typed
from lakeshot.dynamodb.export_lines import read_lines
from tests.unit.dynamodb.exports import WINDOW, WRITTEN, change, json_lines, lines_of
from tests.unit.dynamodb.test_round_trip import Pages, tables
from tests.unit.dynamodb.type_table import rebuilt
from tests.unit.examples import at_most

Line = dict[str, Any]
KEY = {"id": {"S": "a"}}
MICROS = st.integers(0, 10**18 - 1)


def _spelled(written: int, spelling: str) -> object:
    """A time as DynamoDB's guide prints it, as its own tools read it, or as a number."""
    return {"guide": str(written), "tools": {"N": str(written)}, "number": written}[spelling]


@st.composite
def changes(draw: st.DrawFn) -> list[Line]:
    """Lines about random items, their members in any order."""
    pages: Pages = draw(tables())
    lines: list[Line] = []
    for item in (item for page in pages for item in page):
        other = {**draw(st.sampled_from(draw(st.sampled_from(pages)) or [item])), "id": item["id"]}
        images = draw(st.sampled_from([("NewImage",), ("OldImage",), ("NewImage", "OldImage"), ()]))
        members: Line = {
            "Metadata": {
                "WriteTimestampMicros": _spelled(
                    draw(MICROS), draw(st.sampled_from(["guide", "tools", "number"]))
                )
            },
            "Keys": {"id": item["id"]},
            **dict(zip(images, (item, other), strict=False)),
        }
        lines.append({name: members[name] for name in draw(st.permutations(sorted(members)))})
    return lines


def expected_operation(line: Line) -> str:
    if "NewImage" not in line:
        return "delete"
    return "update" if "OldImage" in line else "insert"


def expected_micros(line: Line) -> int:
    time = line["Metadata"]["WriteTimestampMicros"]
    return int(time["N"] if isinstance(time, dict) else time)


@at_most(80)
@given(lines=changes(), spaced=st.booleans(), ascii_only=st.booleans())
def test_changes_are_what_their_lines_say(lines: Sequence[Line], spaced: bool, ascii_only: bool) -> None:
    """Operation, time, both images: whatever order and spelling a line has."""
    separators = (", ", ": ") if spaced else (",", ":")
    text = "".join(json.dumps(line, separators=separators, ensure_ascii=ascii_only) + "\n" for line in lines)
    read = read_changes(text.encode(), WINDOW)
    assert read.num_rows == len(lines)
    assert read.operations.to_pylist() == [expected_operation(line) for line in lines]
    assert read.written_micros.to_pylist() == [expected_micros(line) for line in lines]
    images = [text and rebuilt(text) for text in read.old_images.to_pylist()]
    assert images == [{"M": line["OldImage"]} if "OldImage" in line else None for line in lines]
    kept = [line["NewImage"] if "NewImage" in line else line["Keys"] for line in lines]
    expected = typed([read_lines(lines_of(kept, ascii_only=ascii_only))])
    found = typed([read.items])
    assert found[1] == expected[1]
    assert found[0].equals(expected[0])


@at_most(30)
@given(pieces=st.lists(changes(), min_size=1, max_size=3))
def test_pieces_make_one_table(pieces: Sequence[Sequence[Line]]) -> None:
    """As many rows as lines, in their order."""
    table, columns = typed_changes([read_changes(json_lines(piece), WINDOW) for piece in pieces])
    lines = [line for piece in pieces for line in piece]
    assert table.column_names == [column.name for column in columns]
    assert table.column("change_written_micros").to_pylist() == [expected_micros(line) for line in lines]
    assert table.column("change_operation").to_pylist() == [expected_operation(line) for line in lines]


def test_no_lines_are_no_changes() -> None:
    """There is an empty file for every partition in which nothing was written."""
    read = read_changes(b"", WINDOW)
    assert (read.num_rows, len(read.operations), len(read.old_images)) == (0, 0, 0)


def test_an_old_image_follows_the_rule_of_json_text() -> None:
    """Numbers digit by digit, tags where JSON needs them, also for the image as a whole."""
    images: Sequence[Mapping[str, Any]] = [
        {"id": {"S": "a"}, "n": {"N": "1.50"}, "m": {"M": {"x": {"NULL": True}}}, "b": {"B": "AAE="}},
        {"N": {"N": "1"}},
    ]
    read = read_changes(json_lines([change(KEY, old=image) for image in images]), WINDOW)
    assert read.old_images.to_pylist() == [
        '{"id":"a","n":1.50,"m":{"x":null},"b":{"B":"AAE="}}',
        '{"M":{"N":1}}',
    ]


CHANGE = json_lines([change(KEY, KEY, KEY)]).strip()
_TIME = f'"Metadata":{{"WriteTimestampMicros":{{"N":"{WRITTEN}"}}}}'.encode()
_KEYS = b'"Keys":{"id":{"S":"a"}}'
REFUSED = {
    "no JSON": b"junk",
    "a cut line": CHANGE[:-1],
    "an empty line": b"",
    "an empty object": b"{}",
    "a list": b"[" + CHANGE + b"]",
    "an item": b'{"Item":{"id":{"S":"a"}}}',
    "no keys": b"{" + _TIME + b"}",
    "no metadata": b"{" + _KEYS + b"}",
    "an image without keys": b"{" + _TIME + b',"NewImage":{"id":{"S":"a"}}}',
    "metadata without a time": b'{"Metadata":{},' + _KEYS + b"}",
    "a time under another name": b'{"Metadata":{"WriteTime":"1"},' + _KEYS + b"}",
    "a time that is no number": b'{"Metadata":{"WriteTimestampMicros":"2026-11-21"},' + _KEYS + b"}",
    "a time with a fraction": b'{"Metadata":{"WriteTimestampMicros":1.5},' + _KEYS + b"}",
    "a time before 1970": b'{"Metadata":{"WriteTimestampMicros":{"N":"-1"}},' + _KEYS + b"}",
    "a time beyond 64 bits": b'{"Metadata":{"WriteTimestampMicros":' + b"9" * 19 + b"}," + _KEYS + b"}",
    "a time of another type": b'{"Metadata":{"WriteTimestampMicros":{"S":"1"}},' + _KEYS + b"}",
    "another member": b"{" + _TIME + b"," + _KEYS + b',"Image":{"id":{"S":"a"}}}',
    "a word first": b'{"a":1,' + _TIME + b"," + _KEYS + b"}",
    "a word between": b"{" + _TIME + b',"a":1,' + _KEYS + b"}",
    "a word last": b"{" + _TIME + b"," + _KEYS + b',"a":1}',
    "two keys": b"{" + _TIME + b"," + _KEYS + b"," + _KEYS + b"}",
    "two new images": b"{" + _TIME + b"," + _KEYS + b',"NewImage":{},"NewImage":{}}',
    "keys that are a list": b"{" + _TIME + b',"Keys":["a"]}',
    "keys that are a list beside an image": b"{" + _TIME + b',"Keys":["a"],"NewImage":{}}',
    "a list of members": b"[" + _TIME + b"," + _KEYS + b"]",
    "a new image that is null": b"{" + _TIME + b"," + _KEYS + b',"NewImage":null}',
    "a member without a name": b"{" + _TIME + b"," + _KEYS + b",{}}",
    "a first member without a name": b"{{}," + _TIME + b"," + _KEYS + b"}",
    "a member with nothing before it": b"{" + _TIME + b"{}," + _KEYS + b"}",
    "no comma": b"{" + _TIME + _KEYS + b"}",
    "something else than a comma": b"{" + _TIME + b";" + _KEYS + b"}",
    "two lines as one": CHANGE + b"," + CHANGE,
    "a line end in a text": b"{" + _TIME + b',"Keys":{"id":{"S":"a\nb"}}}',
    "a new image of other than attributes": b"{" + _TIME + b"," + _KEYS + b',"NewImage":{"id":"a"}}',
    "an old image with an unknown tag": b"{" + _TIME + b"," + _KEYS + b',"OldImage":{"id":{"X":"a"}}}',
    "an old image with a number that is none": b"{" + _TIME + b"," + _KEYS + b',"OldImage":{"id":{"N":"a"}}}',
    "keys of other than attributes": b"{" + _TIME + b',"Keys":{"id":"a"}}',
}


def test_what_else_dynamodb_may_come_to_tell_of_a_change_is_passed_over() -> None:
    """Before its time or behind it."""
    lines = b"".join(
        b'{"Metadata":{' + metadata + b"}," + _KEYS + b"}\n"
        for metadata in (
            b'"WriteTimestampMicros":{"N":"7"},"Region":{"S":"x"}',
            b'"Region":"x","WriteTimestampMicros":"8"',
        )
    )
    assert read_changes(lines, WINDOW).written_micros.to_pylist() == [7, 8]


@pytest.mark.parametrize("case", REFUSED)
@pytest.mark.parametrize("before", [b"", CHANGE + b"\n"])
@pytest.mark.parametrize("after", [b"\n", b"\n" + CHANGE + b"\n"])
def test_what_is_no_change_is_refused(case: str, before: bytes, after: bytes) -> None:
    """First, last and between others: never fewer or other changes, and no word of what they hold."""
    with pytest.raises(
        ValueError,
        match=r"do not match|no JSON objects|no list of|type tag says|Metadata has no|a number is none",
    ) as refused:
        read_changes(before + REFUSED[case] + after, WINDOW)
    assert "2026" not in str(refused.value)


@pytest.mark.parametrize(
    ("line", "is_one"),
    [
        (CHANGE, True),
        (b"{" + _KEYS + b"," + _TIME + b"}", True),
        (REFUSED["an item"], False),
        (REFUSED["no keys"], False),
        (REFUSED["another member"], False),
        (REFUSED["keys that are a list"], False),
        (b"[]", False),
    ],
)
def test_one_line_is_told_from_what_is_no_change(line: bytes, is_one: bool) -> None:
    """For the message that says which line it is."""
    assert is_change(line) is is_one
