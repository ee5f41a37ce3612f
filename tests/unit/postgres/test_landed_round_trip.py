"""What a database writes itself is read as the same values, of the same types, as what is read from it."""

from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lakeshot.columns.schema import unify
from lakeshot.columns.types import Column
from lakeshot.files import Compression
from lakeshot.files.csv_lines import csv_tables
from lakeshot.files.delimited import Delimited
from lakeshot.postgres.aws_s3_options import ALLOWED_DELIMITERS
from lakeshot.postgres.landed_columns import binary_columns, landed_columns
from lakeshot.postgres.landed_file import landed_file
from local.postgres.server import PostgresServer
from tests.in_memory.s3 import S3InMemory
from tests.unit.examples import at_most
from tests.unit.files.every_type import InMemory
from tests.unit.postgres.servers import TARGET
from tests.unit.postgres.test_round_trip import Filled, Place, Values, create, numbers, opened, read, tables
from tests.unit.postgres.test_round_trip import values as values_of

GONE = Column.model_validate({"name": "gone", "source": "gone", "type": "bigint"})
"""A column that the table has no more, which earlier snapshots have."""
delimiteds = st.builds(Delimited, delimiter=st.sampled_from(ALLOWED_DELIMITERS), header=st.booleans())


@pytest.fixture(scope="module")
def place(postgres: PostgresServer) -> Iterator[Place]:
    yield from opened(postgres, "landed_round_trip")


@pytest.fixture(scope="module")
def place_13(postgres_13: PostgresServer) -> Iterator[Place]:
    yield from opened(postgres_13, "landed_round_trip")


@at_most(100)
@given(table=tables(18), delimited=delimiteds)
def test_what_lands_is_what_would_be_read(place: Place, table: Filled, delimited: Delimited) -> None:
    """Of every type, whatever keeps fields apart; each row is one line, whatever its texts hold."""
    _check(place, table, delimited)


@at_most(25)
@given(table=tables(13), delimited=delimiteds)
def test_what_lands_is_what_would_be_read_of_version_13(
    place_13: Place, table: Filled, delimited: Delimited
) -> None:
    """So it is with an older server."""
    _check(place_13, table, delimited)


@at_most(25)
@given(table=tables(18))
def test_rows_of_the_binary_format_are_counted(place: Place, table: Filled) -> None:
    """As many as the table has."""
    name = f"t{next(numbers)}"
    create(place.database, name, table)
    s3, reads = S3InMemory(), binary_columns(place.session.columns(name))
    s3.objects["k"] = place.session.land(f"public.{name}", reads, None)
    assert landed_file(s3, TARGET, "k", columns=reads, delimited=None).rows == len(table.rows)  # type: ignore[arg-type]


def _check(place: Place, table: Filled, delimited: Delimited) -> None:
    name = f"t{next(numbers)}"
    create(place.database, name, table)
    reads = place.session.columns(name)
    columns = unify([[GONE], [each.column for each in reads]], first=[each.column.source for each in reads])
    selected = landed_columns(columns, reads, delimited.delimiter)
    s3 = S3InMemory()
    s3.objects["k"] = place.session.land(f"public.{name}", selected, delimited)
    file = landed_file(s3, TARGET, "k", columns=selected, delimited=delimited)  # type: ignore[arg-type]
    assert file.rows == len(table.rows)
    assert file.sha256
    if not table.rows:
        return
    landed = _values(s3.objects["k"], file.columns, delimited)
    assert set(landed.pop("gone")[1]) == {None}
    assert landed == read(place, name, reads, "true")


def _values(body: bytes, columns: tuple[Column, ...], delimited: Delimited) -> Values:
    """By the reader of CSV, once a comma stands where the delimiter does: no field has either.

    What stands in texts for another delimiter than its own it does not know, as views do.
    """
    rows = body.partition(b"\n")[2] if delimited.header else body
    if delimited.delimiter != ",":
        delimiter = delimited.delimiter.encode()
        rows = rows.replace(delimiter, b",").replace(f"%{ord(delimiter):02X}".encode(), delimiter)
    lines = InMemory(rows)
    found = list(csv_tables(lines, columns, Compression.NONE))
    return {column.source: (str(column.type), values_of(found, column)) for column in columns}
