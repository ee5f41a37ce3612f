"""Each row of PostgreSQL's table in docs/types.md, from a real server into a file and back."""

from collections.abc import Iterator, Sequence
from decimal import Context, Decimal
from typing import NamedTuple

import pytest

from lakeshot.columns.schema import trino_type
from lakeshot.columns.types import ColumnType
from lakeshot.postgres.column_types import untyped
from lakeshot.postgres.table_facts import table_facts
from local.postgres.database import Database, literal
from local.postgres.server import PostgresServer
from tests.in_memory.s3 import S3InMemory
from tests.unit.columns.test_types_document import rows
from tests.unit.postgres.servers import in_files, session
from tests.unit.postgres.type_examples import EXAMPLES, SETUP, Example

DIGITS = Context(prec=60)
HEADING = "| PostgreSQL type |"
SHOWN = {"numeric(p,s)": ("decimal(p,s)", "decimal(p,s)"), "domain": ("its base type's", "its base type's")}
"""What stands for more than one type."""


class Found(NamedTuple):
    """What became of each example of a server's: its logical type and its values; and who was unknown."""

    types: dict[int, str]
    values: dict[int, list[object]]
    unknown: set[int]


@pytest.fixture(scope="module")
def found(postgres: PostgresServer) -> Iterator[Found]:
    """All examples as columns of one table, read in one go."""
    yield _read_all(postgres, postgres.create_database("type_examples"), 18)
    postgres.drop_database("type_examples")


@pytest.fixture(scope="module")
def found_13(postgres_13: PostgresServer) -> Iterator[Found]:
    yield _read_all(postgres_13, postgres_13.create_database("type_examples"), 13)
    postgres_13.drop_database("type_examples")


def _read_all(server: PostgresServer, database: Database, version: int) -> Found:
    database.execute(SETUP)
    known = [number for number, example in enumerate(EXAMPLES) if example.since <= version]
    columns = ", ".join(f"c{number} {EXAMPLES[number].declared}" for number in known)
    database.execute(f"CREATE TABLE public.examples (place int, {columns})")
    for row in range(max(len(example.texts) for example in EXAMPLES) + 1):
        values = ", ".join(_value(EXAMPLES[number], row) for number in known)
        database.execute(f"INSERT INTO public.examples VALUES ({row}, {values})")
    with session(server, database) as ours:
        facts = ours.loop.run(table_facts(ours.connection, "public", "examples"))
        s3 = S3InMemory()
        result = ours.read("public.examples", ours.columns("examples"), s3)
    ((table, stored),) = in_files(result, s3)
    types = {column.source: column.type for column in stored}
    return Found(
        {number: str(types[f"c{number}"]) for number in known},
        {number: table.column(f"c{number}").to_pylist() for number in known},
        {int(column.name[1:]) for column in untyped(facts.columns)},
    )


def _value(example: Example, row: int) -> str:
    return literal(example.texts[row]) if row < len(example.texts) else "NULL"


def _check(found: Found, number: int) -> None:
    example, values = EXAMPLES[number], found.values[number]
    assert found.types[number] == example.logical
    assert _exact(values[: len(example.values)]) == _exact(example.values)
    assert set(values[len(example.values) :]) == {None}
    assert (number in found.unknown) == example.is_unknown


def _exact(values: Sequence[object]) -> list[str]:
    """NaN equal to itself, both zeros of floating point told apart, decimals without zeros at their end."""
    return [f"{value.normalize(DIGITS):f}" if isinstance(value, Decimal) else repr(value) for value in values]


@pytest.mark.parametrize("number", range(len(EXAMPLES)), ids=lambda n: f"{n} {EXAMPLES[n].declared}")
def test_each_type(found: Found, number: int) -> None:
    """Its type is the table's, its values are the server's exactly, and null stays null."""
    _check(found, number)


def test_each_type_on_version_13(found_13: Found) -> None:
    """An older server's values are the same."""
    for number in found_13.types:
        _check(found_13, number)


def test_the_document_has_a_row_for_each_type() -> None:
    """Its types are those of the examples, with their logical types and what the view shows."""
    documented = {cells[0]: (cells[1], cells[2]) for cells in rows(HEADING)}
    shown: dict[str, tuple[str, str]] = {}
    for example in EXAMPLES:
        view = trino_type(ColumnType.parse(example.logical))
        shown[example.row] = SHOWN.get(example.row, (example.logical, view))
    assert documented == shown
