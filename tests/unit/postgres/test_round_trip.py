"""Whatever a PostgreSQL table holds comes back from files exactly as the server itself prints it."""

from collections.abc import Iterator, Sequence
from decimal import Context, Decimal
from itertools import count
from typing import NamedTuple

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lakeshot.columns.schema import cast, unify
from lakeshot.columns.types import Column
from lakeshot.lake.sql import identifier
from lakeshot.postgres.column_types import ReadColumn
from local.postgres.database import Database, literal
from local.postgres.server import PostgresServer
from tests.in_memory.s3 import S3InMemory
from tests.unit.examples import at_most
from tests.unit.postgres.kinds import KINDS, SETUP, Kind
from tests.unit.postgres.servers import Session, in_files, session

NAMES = ("a", "A", "a b", '"', "é", "select", "%s", "{0}", "$1", "x\ny", "x'y", ";--", "snapshot_timestamp")
_DIGITS = Context(prec=99)
numbers = count()

Values = dict[str, tuple[str, list[object]]]
"""By column: its logical type, and its values."""


class Filled(NamedTuple):
    """A table to be: the kinds of its columns, and its rows' texts."""

    columns: dict[str, Kind]
    rows: list[tuple[str | None, ...]]


@st.composite
def tables(draw: st.DrawFn, version: int) -> Filled:
    """Some columns of any kinds and few rows, each value of which may be null."""
    kinds = st.sampled_from([kind for kind in KINDS if kind.since <= version])
    columns = draw(st.dictionaries(st.sampled_from(NAMES), kinds, min_size=1, max_size=5))
    row = st.tuples(*(st.none() | kind.texts for kind in columns.values()))
    return Filled(columns, draw(st.lists(row, max_size=6)))


class Place(NamedTuple):
    """A database with the types that kinds need, and a session in it."""

    database: Database
    session: Session

    def ask(self, sql: str, *arguments: object) -> list[str | None]:
        """The first column of what the server answers in the session that reads."""
        return [row[0] for row in self.session.loop.run(self.session.connection.fetch(sql, *arguments))]


def opened(server: PostgresServer, name: str) -> Iterator[Place]:
    """A database of this name, for as long as it is used."""
    database = server.create_database(name)
    database.execute(SETUP)
    with session(server, database) as ours:
        yield Place(database, ours)
    server.drop_database(name)


@pytest.fixture(scope="module")
def place(postgres: PostgresServer) -> Iterator[Place]:
    yield from opened(postgres, "round_trip")


@pytest.fixture(scope="module")
def place_13(postgres_13: PostgresServer) -> Iterator[Place]:
    yield from opened(postgres_13, "round_trip")


@at_most(100)
@given(table=tables(18))
def test_every_value_survives(place: Place, table: Filled) -> None:
    """Types are the documented ones, and each value is the one that the server prints."""
    _check(place, table)


@at_most(25)
@given(table=tables(13))
def test_every_value_survives_on_version_13(place_13: Place, table: Filled) -> None:
    """So it is with a server that lacks multiranges and much else."""
    _check(place_13, table)


def _check(place: Place, table: Filled) -> None:
    name = f"t{next(numbers)}"
    create(place.database, name, table)
    reads = place.session.columns(name)
    assert [read.column.source for read in reads] == ["row_number", *table.columns]
    whole = read(place, name, reads, "true")
    parts = read(place, name, reads, "row_number < 3", "row_number >= 3")
    assert whole == parts
    assert ("row_number" in whole) == bool(table.rows)
    for column, kind in table.columns.items() if table.rows else ():
        logical, found = whole[column]
        printed = _printed(place, name, column, kind)
        assert logical == kind.logical(printed)
        if kind.nested:
            assert _rebuilt(place, kind, found) == printed
        else:
            assert found == [_comparable(value) for value in kind.values(printed)]


def create(database: Database, name: str, table: Filled) -> None:
    columns = ", ".join(f"{identifier(column)} {kind.declared}" for column, kind in table.columns.items())
    rows = [
        f"INSERT INTO public.{name} VALUES ({', '.join([str(number), *map(_literal, row)])})"
        for number, row in enumerate(table.rows)
    ]
    database.execute(
        "; ".join(
            (
                f"CREATE TABLE public.{name} (dropped text, row_number int, {columns})",
                f"ALTER TABLE public.{name} DROP COLUMN dropped",
                *rows,
            )
        )
    )


def _literal(text: str | None) -> str:
    return "NULL" if text is None else literal(text)


def read(place: Place, name: str, reads: tuple[ReadColumn, ...], *conditions: str) -> Values:
    """All rows, of one part for each condition, in the columns that hold those of all."""
    s3 = S3InMemory()
    parts = []
    for condition in conditions:
        result = place.session.read(f"public.{name}", reads, s3, conditions=(condition,))
        assert result.rows == result.source_count
        parts += in_files(result, s3)
    columns = unify([columns for _, columns in parts])
    tables = [cast(table.select([one.name for one in given]), given, columns) for table, given in parts]
    return {column.source: (str(column.type), values(tables, column)) for column in columns}


def values(tables: Sequence[pa.Table], column: Column) -> list[object]:
    return [_comparable(value) for table in tables for value in table.column(column.name).to_pylist()]


def _comparable(value: object) -> object:
    """Equal for equal values only: zeros of floating point are told apart, NaN is equal to itself."""
    if isinstance(value, Decimal):
        return f"{value.normalize(_DIGITS):f}"
    return repr(value) if isinstance(value, float) else value


def _printed(place: Place, name: str, column: str, kind: Kind) -> list[str | None]:
    """The server's own text of each value; a cast to text cuts the padding of char(n)."""
    quoted = identifier(column)
    text = (
        f"{quoted}::text"
        if kind.nested
        else f"CASE WHEN {quoted} IS DISTINCT FROM NULL THEN concat({quoted}) END"
    )
    return place.ask(f"SELECT {text} FROM public.{name} ORDER BY row_number")


def _rebuilt(place: Place, kind: Kind, values: list[object]) -> list[str | None]:
    """What the server prints of the values that it makes of their JSON."""
    return place.ask(
        f"SELECT made.value::{kind.declared}::text "
        "FROM unnest($1::text[]) WITH ORDINALITY AS given (value, place), "
        "json_to_record(json_build_object('value', given.value::json)) "
        f"AS made (value {kind.through or kind.declared}) ORDER BY place",
        values,
    )
