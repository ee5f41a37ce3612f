"""SQL that people configure is refused before anything is read, with the place and the reason."""

import asyncpg
import pytest

from lakeshot.errors import PermissionDeniedError, SourceError
from lakeshot.postgres.custom_select import check_split_by, check_where, select_facts
from lakeshot.postgres.server import Login
from local.postgres.database import Database
from local.postgres.server import PostgresServer
from tests.unit.postgres.sessions import cut_and_read, in_snapshot, source

TABLE = "CREATE TABLE t (id int, note text, doc json, place point, price numeric(5, 2)); CREATE SEQUENCE s"


def columns(running: PostgresServer, database: Database, select: str) -> list[tuple[str, str]]:
    async def read(connection: asyncpg.Connection) -> list[tuple[str, str]]:
        return [(each.name, each.type_name) for each in await select_facts(connection, select)]

    return in_snapshot(running, database, read)


@pytest.mark.parametrize(
    ("select", "names"),
    [
        ('SELECT id, note AS "N\'ote" FROM public.t -- all of it', ["id", "N'ote"]),
        ("  WITH x AS (SELECT 1 AS a) TABLE x ; ", ["a"]),
        ("VALUES (1, ';')", ["column1", "column2"]),
        ("(SELECT 1 AS a) UNION ALL (SELECT 2)", ["a"]),
        ("SELECT count(*) FROM public.t ORDER BY 1 LIMIT 5", ["count"]),
    ],
)
def test_any_query_that_reads_will_do(
    postgres: PostgresServer, database: Database, select: str, names: list[str]
) -> None:
    """With a semicolon, a comment, or whatever a query may have."""
    database.execute(TABLE)
    assert [name for name, _ in columns(postgres, database, select)] == names


def test_columns_of_a_query_have_types(postgres: PostgresServer, database: Database) -> None:
    """The server tells domains as what they are of, and not how many digits numerics have."""
    database.execute(f"{TABLE}; CREATE DOMAIN positive AS int CHECK (VALUE > 0)")
    select = "SELECT price, 1::public.positive AS p, '{a}'::text[] AS tags, 'x'::char(3) AS c FROM public.t"
    assert columns(postgres, database, select) == [
        ("price", "numeric"),
        ("p", "integer"),
        ("tags", "text[]"),
        ("c", "bpchar"),
    ]


@pytest.mark.parametrize(
    ("select", "message"),
    [
        ("SELECT 1 AS a; DROP TABLE public.t", "cannot insert multiple commands"),
        ("SELECT 1) AS x, (SELECT 2", r"in line 1, column 9, near '\) AS x"),
        ("SELECT id\nFROM public.t\nWHER id > 1", "in line 3, column 6, near 'id > 1'"),
        ("SELECT id FROM t", r'relation "t" does not exist .* with their schema, as in public\.article'),
        ("SELECT nope FROM public.t", 'column "nope" does not exist'),
        ("SELECT 1 AS a, 2 AS a, 3 AS b, 4 AS b", "more than one column named 'a', 'b'; name each apart"),
        ("SELECT", "'select' has no columns"),
        ("SELECT $1::int AS a", r"placeholders such as \$1"),
        ("DELETE FROM public.t RETURNING id", "'select' is refused"),
        ("WITH x AS (DELETE FROM public.t RETURNING id) SELECT * FROM x", "data-modifying statement"),
        ("SELECT id FROM public.t FOR UPDATE", "FOR UPDATE in a read-only transaction"),
        ("SELECT 1 AS a INTO public.u", "INTO is not allowed here"),
        ("EXPLAIN SELECT 1", "'select' is refused"),
        ("SELECT 'open", 'near "\'open": unterminated quoted string'),
        ("SELECT 1 /* open", r"unterminated /\* comment"),
        (";", "'select' is refused at its end"),
    ],
)
def test_what_is_no_query_is_refused_with_the_place(
    postgres: PostgresServer, database: Database, select: str, message: str
) -> None:
    """Nothing is done of it."""
    database.execute(TABLE)
    with pytest.raises(SourceError, match=message):
        columns(postgres, database, select)
    assert database.query("SELECT FROM pg_tables WHERE tablename IN ('t', 'u')") != []


def where(running: PostgresServer, database: Database, condition: str) -> None:
    async def check(connection: asyncpg.Connection) -> None:
        await check_where(connection, '"public"."t" AS "t"', condition)

    in_snapshot(running, database, check)


@pytest.mark.parametrize(
    "condition",
    [
        "id > 5",
        "t.id = 1 -- the first",
        "note = ')' OR true",
        "id IN (SELECT id FROM public.t)",
        "random() < 0.1",
    ],
)
def test_conditions_on_rows(postgres: PostgresServer, database: Database, condition: str) -> None:
    """Whatever WHERE takes."""
    database.execute(TABLE)
    where(postgres, database, condition)


@pytest.mark.parametrize(
    ("condition", "message"),
    [
        ("true) OR (1=1", r"in line 1, column 5, near '\) OR \(1=1'"),
        ("true) > 0 OR (true", "in line 1, column 5"),
        ("id = 1 END, CASE WHEN true THEN true", "in line 1, column 8, near 'END"),
        ("id = 1; DROP TABLE public.t", "in line 1, column 7, near ';"),
        ("id > 5 /*", r"unterminated /\* comment at or near \"/\* \(42601\)"),
        ("note = 'abc", "unterminated quoted string"),
        ("note = $x$abc", "unterminated dollar-quoted string"),
        ("id", "argument of WHERE must be type boolean, not type integer"),
        ("count(*) > 1", "aggregate functions are not allowed in WHERE"),
        ("id = $1", "placeholders"),
        ("id > 'x'", "invalid input syntax"),
        ("", "'where' is refused"),
    ],
)
def test_what_is_no_condition_is_refused_with_the_place(
    postgres: PostgresServer, database: Database, condition: str, message: str
) -> None:
    """Nothing closes the parentheses it is put into."""
    database.execute(TABLE)
    with pytest.raises(SourceError, match=message):
        where(postgres, database, condition)


def split_by(running: PostgresServer, database: Database, expression: str) -> None:
    async def check(connection: asyncpg.Connection) -> None:
        await check_split_by(connection, '"public"."t" AS "t"', expression)

    in_snapshot(running, database, check)


@pytest.mark.parametrize(
    "expression",
    [
        "id",
        '"note"',
        "id % 7",
        'lower(note) COLLATE "C"',
        "price + 1",
        "(SELECT s.id FROM (SELECT t.id LIMIT 1) AS s)",
    ],
)
def test_what_orders_rows_may_split_them(
    postgres: PostgresServer, database: Database, expression: str
) -> None:
    """Columns and expressions."""
    database.execute(TABLE)
    split_by(postgres, database, expression)


@pytest.mark.parametrize(
    ("expression", "message"),
    [
        ("doc", "'split_by' is of a type that has no order: .* json; split by a number"),
        ("place", "'split_by' is of a type that has no order: .* point"),
        ("random()", r"'random\(\)' may differ each time it is computed"),
        ("id + random()", "may differ each time"),
        ("(SELECT random() + t.id)", "may differ each time"),
        ("id DESC", "in line 1, column 4, near 'DESC'"),
        ("id, note", "in line 1, column 3, near ', note'"),
        ("nope", 'column "nope" does not exist'),
        ("1", "'split_by' is refused"),
    ],
)
def test_what_orders_no_rows_is_refused(
    postgres: PostgresServer, database: Database, expression: str, message: str
) -> None:
    """By the server, which knows its types."""
    database.execute(TABLE)
    with pytest.raises(SourceError, match=message):
        split_by(postgres, database, expression)


def test_a_table_that_may_not_be_read_is_told_with_the_grant(
    postgres: PostgresServer, database: Database
) -> None:
    """Also if only a query names it."""
    database.execute(f"{TABLE}; DROP ROLE IF EXISTS stranger; CREATE ROLE stranger LOGIN PASSWORD 'p'")

    async def read(connection: asyncpg.Connection) -> None:
        await select_facts(connection, "SELECT id FROM public.t")

    with pytest.raises(PermissionDeniedError, match=r"permission denied for table t .*GRANT SELECT"):
        in_snapshot(postgres, database, read, login=Login(user="stranger", password="p"))


@pytest.mark.parametrize(
    ("where", "found"),
    [
        ("title OPERATOR(public.=) 'LAKE'", [1]),
        ("title = 'LAKE'", []),
        ("tags OPERATOR(public.?) 'new'", [2]),
        ("tags OPERATOR(public.@>) 'new=>1'::public.hstore", [2]),
    ],
)
def test_operators_of_extensions_have_a_schema(
    postgres: PostgresServer, database: Database, where: str, found: list[int]
) -> None:
    """Without it the server takes one of its own, if it has any: texts are compared by case."""
    database.execute("""
        CREATE EXTENSION citext; CREATE EXTENSION hstore;
        CREATE TABLE t (id int, title citext, tags hstore);
        INSERT INTO t VALUES (1, 'lake', NULL), (2, 'sea', 'new=>1')
    """)
    wanted = source(table="t", where=where, columns=["id"])
    _, parts = in_snapshot(postgres, database, lambda connection: cut_and_read(connection, wanted))
    assert [row[0] for part in parts for row in part] == found
