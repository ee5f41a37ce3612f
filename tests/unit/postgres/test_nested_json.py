"""What an array or a composite holds decides whether JSON tells its values apart."""

import pytest

from lakeshot.postgres.column_types import read_columns, untyped
from lakeshot.postgres.custom_select import select_facts, select_relation
from lakeshot.postgres.table_facts import table_facts
from local.postgres.database import Database
from local.postgres.server import PostgresServer
from tests.in_memory.s3 import S3InMemory
from tests.unit.postgres.servers import in_files, session


def test_the_types_within_are_told_however_deep(postgres: PostgresServer, database: Database) -> None:
    """Through domains, arrays and other tables' rows, without dropped fields, enums and ranges."""
    database.execute("""
        CREATE EXTENSION hstore;
        CREATE TYPE mood AS ENUM ('ok');
        CREATE DOMAIN doc AS jsonb;
        CREATE TABLE other (docs doc[], gone hstore, mood mood, spans int4range[], at date);
        ALTER TABLE other DROP COLUMN gone;
        CREATE DOMAIN others AS other[];
        CREATE TYPE nest AS (tags hstore[], others others);
        CREATE TABLE t (nests nest[], others others, other other, moods mood[], vectors int2vector[])
    """)
    with session(postgres, database) as ours:
        facts = ours.loop.run(table_facts(ours.connection, "public", "t"))
    assert {column.name: column.holds for column in facts.columns} == {
        "nests": ("pg_catalog.date", "pg_catalog.jsonb", "public.hstore"),
        "others": ("pg_catalog.date", "pg_catalog.jsonb"),
        "other": ("pg_catalog.date", "pg_catalog.jsonb"),
        "moods": (),
        "vectors": ("pg_catalog.int2vector",),
    }
    assert [column.name for column in untyped(facts.columns)] == ["nests"]


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ("ROW('null'::jsonb, 1)", '"(null,1)"'),
        ("ROW(NULL, 1)", '"(,1)"'),
        ("ARRAY['null'::jsonb, NULL]", '["null",null]'),
        ("ARRAY['a'::public.citext]", "{a}"),
    ],
)
def test_a_select_tells_values_apart_as_a_table_does(
    postgres: PostgresServer, database: Database, expression: str, value: str
) -> None:
    """A row without a declaration may hold whatever it likes, so it is PostgreSQL's own text."""
    database.execute("CREATE EXTENSION citext SCHEMA public")
    select, s3 = f"SELECT {expression} AS c", S3InMemory()
    with session(postgres, database) as ours:
        reads = read_columns(ours.loop.run(select_facts(ours.connection, select)))
        ((table, _),) = in_files(ours.read(select_relation(select), reads, s3), s3)
    assert table.column("c").to_pylist() == [value]
