"""Changes as a table: the columns of changes first, then those of the items."""

from collections.abc import Sequence
from datetime import timedelta

import pytest

from lakeshot.columns.types import BIGINT, BOOLEAN, JSON, STRING
from lakeshot.dynamodb.change_lines import read_changes
from lakeshot.dynamodb.changes import Changes, typed_changes
from lakeshot.dynamodb.windows import Window
from lakeshot.errors import SourceError
from tests.unit.dynamodb.exports import WINDOW, WRITTEN, Item, change, json_lines

LATER = Window(begins=WINDOW.repeated_from, ends=WINDOW.ends + timedelta(hours=1))
A, B, C = ({"id": {"S": name}} for name in "abc")
MINUTE = 60_000_000


def read(*lines: object, window: Window = WINDOW) -> Changes:
    return read_changes(json_lines(lines), window)


def test_a_row_says_what_became_of_an_item_when_and_what_it_was() -> None:
    """One that was deleted has its key only."""
    one, two = ({**A, "n": {"N": number}} for number in "12")
    table, _ = typed_changes(
        [read(change(A, one), change(A, two, one)), read(change(B, old=one), window=LATER)]
    )
    operations, written, windows, repeated, images, ids, numbers = (
        column.to_pylist() for column in table.columns
    )
    assert operations == ["insert", "update", "delete"]
    assert written == [WRITTEN] * 3
    assert windows == ["20261121T120000Z", "20261121T120000Z", "20261121T130000Z"]
    assert repeated == [False] * 3
    assert images == [None, '{"id":"a","n":1}', '{"id":"a","n":1}']
    assert (ids, numbers) == (["a", "a", "b"], [1, 2, None])


def test_columns_are_those_of_changes_then_those_of_the_items() -> None:
    """An attribute that is called like a column of changes gets another name."""
    item: Item = {**A, "change_operation": {"S": "x"}}
    _, columns = typed_changes([read(change(A, item))])
    assert [(column.name, column.type) for column in columns[:6]] == [
        ("change_operation", STRING),
        ("change_written_micros", BIGINT),
        ("change_window", STRING),
        ("change_repeated", BOOLEAN),
        ("change_old_image", JSON),
        ("change_operation_48339b", STRING),
    ]
    assert [column.source for column in columns[5:]] == ["change_operation", "id"]


@pytest.mark.parametrize(
    ("written", "repeated"),
    [(58 * MINUTE - 1, False), (58 * MINUTE, True), (59 * MINUTE, True), (60 * MINUTE - 1, True)],
)
def test_what_is_written_late_is_repeated(written: int, repeated: bool) -> None:
    """The next window begins two minutes before this one ends; that instant is in both."""
    table, _ = typed_changes([read(change(A, A, written=WRITTEN + written))])
    assert table.column("change_repeated").to_pylist() == [repeated]


def test_an_attribute_that_is_called_as_if_it_were_ours_is_refused() -> None:
    """Its name would be taken for what a column of changes is made from."""
    with pytest.raises(
        SourceError, match="attribute 'lakeshot:operation' begins with 'lakeshot:'"
    ) as refused:
        typed_changes([read(change(A, A)), read(change(B, {**B, "lakeshot:operation": {"S": "secret"}}))])
    assert "secret" not in str(refused.value)


def test_a_batch_tells_its_size_and_its_columns() -> None:
    """By which row groups are measured."""
    batch = read(change(A, A), change(B, B, A), change(C))
    assert batch.num_rows == 3
    assert batch.column_names == (
        "lakeshot:operation",
        "lakeshot:written_micros",
        "lakeshot:window",
        "lakeshot:repeated",
        "lakeshot:old_image",
        "id",
    )
    assert batch.nbytes > batch.items.nbytes + 3 * 8


@pytest.mark.parametrize("lines", [[], [change({"id": {"NULL": True}})]])
def test_nothing_is_a_table_too(lines: Sequence[object]) -> None:
    """Whatever few values there are, the columns of changes are there."""
    table, columns = typed_changes([read(*lines)])
    assert table.num_rows == len(lines)
    assert len(columns) == 5 + len(lines)
