"""Columns are quoted in SQL, named by the one rule, and told where nobody has met their type."""

from lakeshot.postgres.column_types import read_columns, untyped
from lakeshot.postgres.copy_sql import copy_sql
from lakeshot.postgres.parts import QueryPart
from lakeshot.postgres.table_facts import TableColumn


def column(name: str, base_type: str = "text", **given: object) -> TableColumn:
    values = {"type_name": base_type, "type_schema": "pg_catalog", "type_kind": "b", "category": "S", **given}
    return TableColumn(name=name, base_type=base_type, **values)


def test_names_are_quoted_and_become_columns() -> None:
    """Each name stands as it is in SQL, also one that would end the quotes; the catalog's names are plain."""
    reads = read_columns([column('a"b'), column("Größe {0}"), column("select"), column("A"), column("a")])
    assert [read.expression for read in reads] == ['"a""b"', '"Größe {0}"', '"select"', '"A"', '"a"']
    assert [read.column.name for read in reads] == ["a_b", "gr__e__0_", "select", "a_559aea", "a"]
    assert [read.column.source for read in reads] == ['a"b', "Größe {0}", "select", "A", "a"]


def test_a_type_is_the_servers_own_only_in_its_schema() -> None:
    """A type that people called numeric is read as the text it prints, and told."""
    theirs = column("n", "numeric", type_schema="public", category="U")
    assert [str(read.column.type) for read in read_columns([theirs, column("m", "numeric")])] == [
        "string",
        "decimal(38,18)",
    ]
    assert untyped([theirs, column("m", "numeric")]) == (theirs,)


def test_the_statement_of_a_part() -> None:
    """Expressions, relation and conditions stand where they belong; a comment ends with its condition."""
    reads = read_columns([column("a"), column("m", "money")])
    part = QueryPart(number=3, relation='"s"."t"', conditions=("a > 1 OR b", "c -- d"), bytes=1)
    assert copy_sql(part, reads) == (
        'SELECT "a", "m"::pg_catalog.numeric FROM "s"."t" WHERE (a > 1 OR b\n) AND (c -- d\n)'
    )
    assert copy_sql(QueryPart(number=0, relation="t", bytes=1), reads[:1]) == 'SELECT "a" FROM t'
