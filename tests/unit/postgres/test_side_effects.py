"""SQL that has effects beyond the rows it returns is refused, and has none."""

import asyncio
from collections.abc import Iterator

import asyncpg
import pytest

from lakeshot.errors import SourceError
from lakeshot.postgres.coordinator import Coordinator
from lakeshot.postgres.source import PostgresSource
from local.postgres.database import Database
from local.postgres.server import PostgresServer
from tests.unit.postgres.sessions import Sessions, cut_and_read, in_snapshot, source

SLEEPER = "somebody else"
TERMINATE = (
    "(SELECT bool_or(pg_terminate_backend(pid)) FROM pg_catalog.pg_stat_activity "
    f"WHERE application_name = '{SLEEPER}')"
)
CALLS = {
    TERMINATE: "pg_terminate_backend()",
    "set_config('extra_float_digits', '-9', false) = ''": "set_config()",
    "pg_advisory_lock(7)::text = ''": "pg_advisory_lock()",
    "pg_try_advisory_lock(7)": "pg_try_advisory_lock()",
    "pg_logical_emit_message(false, 'a', 'b') IS NULL": "pg_logical_emit_message()",
    "query_to_xml('SELECT pg_reload_conf()', true, true, '') IS NULL": "query_to_xml()",
    "public.helper(id) > 0": "public.helper()",
    'public."Odd f("(id) > 0': "public.Odd f(()",
}
VERSIONS = pytest.mark.parametrize("version", [18, 13])


@pytest.fixture
def filled(running: PostgresServer, request: pytest.FixtureRequest) -> Iterator[Database]:
    database = running.create_database(f"effects_{running.version}_{abs(hash(request.node.name))}")
    database.execute("""
        CREATE TABLE t AS SELECT g AS id, 'it''s' AS "N'ote", 'x' AS "random()" FROM generate_series(1, 9) g;
        CREATE FUNCTION helper(id int) RETURNS int LANGUAGE plpgsql AS 'BEGIN RETURN id; END';
        CREATE FUNCTION "Odd f("(id int) RETURNS int LANGUAGE plpgsql AS 'BEGIN RETURN id; END';
        CREATE FUNCTION steady(id int) RETURNS int STABLE LANGUAGE plpgsql AS 'BEGIN RETURN id; END';
        CREATE OPERATOR ~~~ (FUNCTION = helper, RIGHTARG = int);
        CREATE VIEW helped AS SELECT id, helper(id) AS k FROM t
    """)
    yield database
    running.drop_database(database.name)


def refused(running: PostgresServer, database: Database, wanted: PostgresSource) -> str:
    """What is said when locks are asked for, which has to be the same as when parts are cut."""
    with pytest.raises(SourceError) as raised:
        Coordinator(Sessions.of(running, database), [wanted]).__enter__()
    with pytest.raises(SourceError) as again:
        in_snapshot(running, database, lambda on: cut_and_read(on, wanted))
    assert str(again.value) == str(raised.value)
    return str(raised.value)


@VERSIONS
@pytest.mark.parametrize("call", CALLS)
def test_calls_that_may_have_effects_are_refused(
    running: PostgresServer, filled: Database, call: str
) -> None:
    """Wherever they stand, by name, with what to do."""
    for field, wanted in {
        "where": source(table="t", where=call),
        "split_by": source(table="t", split_by=call),
        "select": source(select=f"SELECT id, {call} AS k FROM public.t"),
    }.items():
        said = refused(running, filled, wanted)
        assert f"'{field}', or a view it reads, calls {CALLS[call]}, which is volatile" in said
        assert "leave it out" in said
        assert ("ALTER FUNCTION" in said) == ("public." in CALLS[call])


@pytest.mark.parametrize("version", [18])
@pytest.mark.parametrize(
    "wanted",
    [
        source(table="t", where=TERMINATE),
        source(table="t", split_by=TERMINATE),
        source(select=f"SELECT {TERMINATE} AS k"),
        source(select=f"SELECT id FROM public.t WHERE {TERMINATE}", split_by="id"),
    ],
)
def test_nothing_of_what_is_refused_is_done(
    running: PostgresServer, filled: Database, wanted: PostgresSource
) -> None:
    """Another session lives on."""

    async def other() -> int:
        connection = await filled.connect()
        await connection.execute(f"SET application_name = '{SLEEPER}'")
        try:
            await asyncio.to_thread(refused, running, filled, wanted)
            answer: int = await connection.fetchval("SELECT 1")
            return answer
        finally:
            await connection.close()

    assert asyncio.run(other()) == 1


@VERSIONS
@pytest.mark.parametrize(
    "select",
    [
        "VALUES (1, pg_try_advisory_lock(7)), (2, true)",
        "SELECT id FROM public.t LIMIT (CASE WHEN pg_try_advisory_lock(7) THEN 1 END)",
        "SELECT OPERATOR(public.~~~) id AS k FROM public.t",
    ],
)
def test_calls_that_no_plan_names_are_refused(running: PostgresServer, filled: Database, select: str) -> None:
    """The server knows of them."""
    said = refused(running, filled, source(select=select))
    assert said.startswith("'select', or a view it reads, calls a volatile function where no plan names it")


@VERSIONS
@pytest.mark.parametrize(
    "wanted",
    [
        source(select="SELECT id FROM public.helped"),
        source(table="helped", where="id > 5"),
        source(table="helped", where="id > 5", columns=["id"]),
    ],
)
def test_views_are_looked_into(running: PostgresServer, filled: Database, wanted: PostgresSource) -> None:
    """The server computes what is volatile in them, also if nobody reads it."""
    assert "calls public.helper(), which is volatile" in refused(running, filled, wanted)


@VERSIONS
@pytest.mark.parametrize(
    ("wanted", "rows"),
    [
        (source(table="t", where="now() > '2000-01-01' AND current_setting('TimeZone') = 'UTC'"), 9),
        (source(table="t", where="public.steady(id) > 5", split_by="public.steady(id)"), 4),
        (source(table="t", where="id IN (SELECT s.id FROM (SELECT id FROM public.t) AS s)"), 9),
        (source(table="t", where="random() >= 0 AND clock_timestamp() IS NOT NULL"), 9),
        (source(table="t", where="\"N'ote\" = 'it''s' AND \"random()\" <> 'pg_sleep('"), 9),
        (source(select="SELECT id, gen_random_uuid() AS k FROM public.t"), 9),
        (source(select="SELECT s.id FROM (SELECT id FROM public.t ORDER BY id LIMIT 3) AS s"), 3),
        (source(select="SELECT pg_total_relation_size('public.t') AS size, pg_is_in_recovery() AS r"), 1),
        (source(table="helped"), 9),
    ],
)
def test_what_only_computes_or_looks_is_accepted(
    running: PostgresServer, filled: Database, wanted: PostgresSource, rows: int
) -> None:
    """Stable functions, random numbers, and the same words in texts and names; a view as it is."""
    with Coordinator(Sessions.of(running, filled), [wanted]) as coordinator:
        coordinator.cut(wanted, 1)
    _, parts = in_snapshot(running, filled, lambda on: cut_and_read(on, wanted))
    assert sum(map(len, parts)) == rows


@pytest.mark.parametrize("version", [18])
def test_random_numbers_of_extensions_are_accepted(running: PostgresServer, filled: Database) -> None:
    """Of those that are PostgreSQL's own."""
    filled.execute('CREATE EXTENSION "uuid-ossp"; CREATE EXTENSION dblink')
    wanted = source(select="SELECT public.uuid_generate_v4() AS id FROM public.t")
    _, [rows] = in_snapshot(running, filled, lambda on: cut_and_read(on, wanted))
    assert len(rows) == 9
    elsewhere = source(select="SELECT public.dblink_connect('x', 'dbname=y') AS id FROM public.t")
    assert "calls public.dblink_connect(), which is volatile" in refused(running, filled, elsewhere)


@pytest.mark.parametrize("version", [18])
def test_wide_tables_have_conditions(running: PostgresServer, filled: Database) -> None:
    """As many columns as a table can have."""
    listed = ", ".join(f'{number} AS "c{number} ("' for number in range(1_600))
    filled.execute(f"CREATE TABLE wide AS SELECT {listed}; CREATE VIEW also AS SELECT * FROM wide")
    for table in ("wide", "also"):
        wanted = source(table=table, where='"c1 (" = 1', split_by='"c2 ("')

        async def both(connection: asyncpg.Connection, wanted: PostgresSource = wanted) -> int:
            made, parts = await cut_and_read(connection, wanted)
            assert len(made.columns) == 1_600
            return sum(map(len, parts))

        assert in_snapshot(running, filled, both) == 1
