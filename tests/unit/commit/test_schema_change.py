"""The difference between a snapshot's columns and its baseline's, for records and for people."""

from lakeshot.columns.types import BIGINT, DECIMAL, STRING, Column, ColumnType
from lakeshot.commit.schema_change import SchemaChange


def column(source: str, kind: ColumnType) -> Column:
    return Column(name=source.lower(), source=source, type=kind)


def test_a_difference_is_told_in_words() -> None:
    """Changed types first, because they may need another table; then what came, then what is missing."""
    known = [column("Id", STRING), column("Price", BIGINT), column("Size", BIGINT)]
    columns = [column("Id", STRING), column("New", STRING), column("Price", DECIMAL), column("Size", BIGINT)]
    change = SchemaChange.between(known, columns, filled={"Id", "New", "Price"})
    assert (
        change.summary()
        == "'Price' is decimal(38,18), was bigint; 'New' is new (string); 'Size' has no values"
    )


def test_no_difference_is_nothing_to_tell() -> None:
    """A run that met what it knew says nothing."""
    known = [column("Id", STRING)]
    change = SchemaChange.between(known, known, filled={"Id"})
    assert change == SchemaChange()
    assert change.summary() == ""


def test_only_the_first_of_many_are_told() -> None:
    """A table of 1,603 new attributes fits a notice, however long their names are."""
    columns = [column(f"{number:04d}{'x' * 300}", STRING) for number in range(1_603)]
    text = SchemaChange.between([], columns, filled=()).summary()
    assert text.startswith(f"'0000{'x' * 51}...' is new (string); '0001")
    assert text.endswith("; and 1,583 more")
    assert text.count(" is new ") == 20
    assert len(text) < 2_000
