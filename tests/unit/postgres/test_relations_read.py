"""What is read is one and the same for the snapshot, for every part and at the end, or the run fails."""

import asyncio
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime

import asyncpg
import pytest

from lakeshot.driver.part_queue import PartQueue
from lakeshot.errors import SourceError
from lakeshot.postgres.coordinator import Coordinator
from lakeshot.postgres.query_run import _moment_words
from lakeshot.postgres.server import Login
from lakeshot.postgres.snapshot import Snapshot, take
from lakeshot.postgres.source import PostgresSource
from local.postgres.database import Database
from local.postgres.server import PostgresServer
from tests.in_memory.s3 import S3InMemory
from tests.unit.postgres.reading_runs import Run, Trigger, read_by_holder, reading, rows_of
from tests.unit.postgres.sessions import Sessions, source

ROWS = 20_000
SERIES = f"SELECT g AS id, 1 AS v FROM generate_series(1, {ROWS}) g"
OTHERS = f"SELECT -g AS id, 1 AS v FROM generate_series(1, {ROWS}) g"


@pytest.fixture
def s3(monkeypatch: pytest.MonkeyPatch) -> S3InMemory:
    s3 = S3InMemory()
    monkeypatch.setattr("lakeshot.postgres.reader.s3_client", lambda _: s3)
    return s3


@pytest.fixture
def sessions(postgres: PostgresServer, database: Database, monkeypatch: pytest.MonkeyPatch) -> Sessions:
    """Of tables that are small, and cut all the same."""
    monkeypatch.setattr("lakeshot.postgres.part_sizes.SMALLEST_BYTES", 64 * 1024)
    return Sessions.of(postgres, database)


def ids(reading: Run, s3: S3InMemory) -> list[int]:
    return sorted(row["id"] for row in rows_of(reading.queue.results(), s3))


@contextmanager
def replacing(database: Database, *statements: str) -> Iterator[None]:
    """Somebody's transaction, which is committed as soon as another waits for it."""
    begun = threading.Event()

    async def replace() -> None:
        connection = await database.connect()
        try:
            async with connection.transaction():
                for statement in statements:
                    await connection.execute(statement)
                begun.set()
                while not await connection.fetchval("SELECT count(*) FROM pg_locks WHERE NOT granted"):
                    await asyncio.sleep(0.01)
        finally:
            await connection.close()

    thread = threading.Thread(target=lambda: asyncio.run(replace()))
    thread.start()
    begun.wait()
    try:
        yield
    finally:
        thread.join()


def login(database: Database, grant: str) -> Login:
    database.execute(f"""
        DROP ROLE IF EXISTS relations_reader; CREATE ROLE relations_reader LOGIN PASSWORD 'p'; {grant}
    """)
    return Login(user="relations_reader", password="p")


NEW = f"CREATE TABLE new AS {SERIES} UNION ALL {OTHERS}"
SWAP = (NEW, "DROP TABLE t", "ALTER TABLE new RENAME TO t")
NEW_VIEW = f"CREATE MATERIALIZED VIEW new_m AS {SERIES} UNION ALL {OTHERS}"
SWAP_VIEW = (NEW_VIEW, "DROP MATERIALIZED VIEW m", "ALTER MATERIALIZED VIEW new_m RENAME TO m")


@pytest.mark.parametrize(
    ("wanted", "statements"),
    [
        (source(table="t"), SWAP),
        (source(select="SELECT id FROM public.t"), SWAP),
        (source(table="m"), SWAP_VIEW),
        (source(table="t", where="id IN (SELECT id FROM public.t)"), SWAP),
    ],
)
def test_a_table_put_in_the_place_of_another_is_read_whole(
    sessions: Sessions,
    database: Database,
    s3: S3InMemory,
    wanted: PostgresSource,
    statements: tuple[str, ...],
) -> None:
    """A snapshot of before would show it empty."""
    database.execute(f"CREATE TABLE t AS {SERIES}; CREATE MATERIALIZED VIEW m AS SELECT * FROM t LIMIT 9")
    if statements is SWAP:
        database.execute("DROP MATERIALIZED VIEW m")
    with (
        replacing(database, *statements),
        Coordinator(sessions, [wanted]) as coordinator,
        reading(coordinator, wanted) as run,
    ):
        run.by_threads(1)
        assert len(ids(run, s3)) == 2 * ROWS


def test_a_table_whose_columns_alone_are_granted_is_as_safe(
    postgres: PostgresServer, sessions: Sessions, database: Database, s3: S3InMemory
) -> None:
    """LOCK TABLE refuses it, so that the snapshot is taken before it is locked."""
    database.execute(f"CREATE TABLE t AS {SERIES}")
    given = login(database, "GRANT SELECT (id) ON t TO relations_reader")
    wanted = source(table="t", columns=["id"])
    limited = Sessions.of(postgres, database, login=given)
    with (
        replacing(database, *SWAP, "GRANT SELECT (id) ON t TO relations_reader"),
        Coordinator(limited, [wanted]) as coordinator,
        reading(coordinator, wanted) as run,
    ):
        run.by_threads(1)
        assert len(ids(run, s3)) == 2 * ROWS


def then(monkeypatch: pytest.MonkeyPatch, act: Callable[[], object]) -> None:
    """Have something happen each time a snapshot was taken, before its tables are locked."""

    async def taken(connection: asyncpg.Connection, *, shared: bool, taken_at: datetime) -> Snapshot:
        snapshot = await take(connection, shared=shared, taken_at=taken_at)
        await asyncio.to_thread(act)
        return snapshot

    monkeypatch.setattr("lakeshot.postgres.holding.take", taken)


@pytest.mark.parametrize("wanted", [source(select="SELECT id FROM public.t"), source(table="m")])
def test_a_table_replaced_between_snapshot_and_lock_is_read_whole(
    sessions: Sessions,
    database: Database,
    s3: S3InMemory,
    monkeypatch: pytest.MonkeyPatch,
    wanted: PostgresSource,
) -> None:
    """By another snapshot, as the first one does not know it."""
    database.execute(f"CREATE TABLE t AS {SERIES}; CREATE MATERIALIZED VIEW m AS {SERIES}")
    left = ["; ".join(SWAP if wanted.table is None else SWAP_VIEW)]
    then(monkeypatch, lambda: left and database.execute(left.pop()))
    with Coordinator(sessions, [wanted]) as coordinator, reading(coordinator, wanted) as run:
        run.by_threads(1)
        assert len(ids(run, s3)) == 2 * ROWS


def test_a_table_that_is_always_another_ends_the_run(
    sessions: Sessions, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After some tries, and by its name."""
    database.execute(f"CREATE TABLE t AS {SERIES}")

    then(monkeypatch, lambda: database.execute("TRUNCATE t"))
    with pytest.raises(SourceError, match=r"public\.t was rewritten or replaced each time before it"):
        Coordinator(sessions, [source(select="SELECT id FROM public.t")]).__enter__()


RENAMED = "BEGIN; ALTER SCHEMA live RENAME TO old; ALTER SCHEMA next RENAME TO live; COMMIT"


@pytest.fixture
def two_schemas(database: Database) -> None:
    for schema, rows in (("live", SERIES), ("next", OTHERS)):
        database.execute(f"""
            CREATE SCHEMA {schema}; CREATE TABLE {schema}.t AS {rows}; ANALYZE {schema}.t;
            CREATE VIEW {schema}.v AS SELECT id FROM {schema}.t
        """)


@pytest.mark.parametrize(
    "wanted",
    [
        source(schema="live", table="t"),
        source(schema="live", table="t", split_by="id"),
        source(schema="live", table="v", split_by="id"),
        source(select="SELECT id FROM live.t", split_by="id"),
    ],
)
@pytest.mark.usefixtures("two_schemas")
def test_a_schema_that_is_renamed_meanwhile_ends_the_run(
    sessions: Sessions, database: Database, s3: S3InMemory, wanted: PostgresSource
) -> None:
    """Names lead elsewhere, and no lock is in the way; also if the other table is read by the same group."""
    renamed = Trigger(2, lambda: database.execute(RENAMED))
    both = [wanted, source(schema="next", table="t")]
    with Coordinator(sessions, both) as coordinator, reading(coordinator, wanted, pace=renamed) as run:
        assert len(run.cut.parts) > 2
        run.by_threads(1)
        with pytest.raises(SourceError, match=r"was read but not locked when the snapshot was taken"):
            run.queue.results()
    assert s3.uploads == {} or len(s3.uploads) < len(run.cut.parts)


@pytest.mark.usefixtures("two_schemas")
def test_a_schema_renamed_before_the_snapshot_is_handed_on_ends_the_run(
    sessions: Sessions, database: Database
) -> None:
    """The name leads to another table than in the snapshot, whoever reads it."""
    wanted = source(schema="live", table="t")
    with Coordinator(sessions, [wanted]) as first:
        database.execute(RENAMED)
        with (
            Coordinator(sessions, [wanted], adopted=first.snapshot) as second,
            pytest.raises(
                SourceError, match=r"live\.t is another table now than when the snapshot was taken"
            ),
        ):
            second.cut(wanted, 1)


@pytest.mark.usefixtures("two_schemas")
def test_the_one_connection_of_a_run_is_looked_after_as_well(
    sessions: Sessions, database: Database, s3: S3InMemory
) -> None:
    """Where no snapshot is shared."""
    wanted = source(schema="live", table="t")
    renamed = Trigger(2, lambda: database.execute(RENAMED))
    with Coordinator(sessions, [wanted], shared=False) as coordinator:
        cut = coordinator.cut(wanted, readers=2)
        queue = PartQueue(cut.parts, pace=renamed)
        with pytest.raises(SourceError, match="was read but not locked"):
            read_by_holder(coordinator, cut, queue, s3)


@pytest.fixture
def partitioned(database: Database) -> None:
    database.execute(f"""
        CREATE TABLE p (id int NOT NULL, v int) PARTITION BY RANGE (v);
        CREATE TABLE p1 PARTITION OF p FOR VALUES FROM (0) TO (10); INSERT INTO p {SERIES};
        CREATE TABLE p2 AS SELECT -id AS id, 11 AS v FROM p; ALTER TABLE p2 ALTER id SET NOT NULL; ANALYZE p
    """)


ATTACH = "ALTER TABLE p ATTACH PARTITION p2 FOR VALUES FROM (10) TO (20)"


@pytest.mark.parametrize("wanted", [source(table="p"), source(table="p", split_by="id")])
@pytest.mark.usefixtures("partitioned")
def test_a_partition_attached_meanwhile_is_in_no_part(
    sessions: Sessions, database: Database, s3: S3InMemory, wanted: PostgresSource
) -> None:
    """Also if the reader begins later, or again; and an index that is made meanwhile is no harm."""

    def attach() -> None:
        database.execute(f"{ATTACH}; CREATE INDEX ON p1 (v)")
        database.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query ~ '^COPY '")

    with (
        Coordinator(sessions, [wanted]) as coordinator,
        reading(coordinator, wanted, pace=Trigger(2, attach)) as run,
    ):
        assert len(run.cut.parts) > 2
        run.by_threads(1)
        assert ids(run, s3) == list(range(1, ROWS + 1))
    assert database.query("SELECT count(*) FROM p")[0][0] == 2 * ROWS


@pytest.mark.usefixtures("partitioned")
def test_a_partition_attached_to_what_is_read_by_the_parents_name_ends_the_run(
    postgres: PostgresServer, sessions: Sessions, database: Database, s3: S3InMemory
) -> None:
    """Where the partitions themselves may not be read."""
    given = login(database, "GRANT SELECT ON p TO relations_reader")
    limited, wanted = Sessions.of(postgres, database, login=given), source(table="p", split_by="id")
    attached = Trigger(2, lambda: database.execute(ATTACH))
    with Coordinator(limited, [wanted]) as coordinator, reading(coordinator, wanted, pace=attached) as run:
        run.by_threads(1)
        with pytest.raises(SourceError, match=r"public\.p2 was read but not locked"):
            run.queue.results()


@pytest.mark.usefixtures("partitioned")
def test_a_partition_that_is_being_detached_is_in_no_ones_way(
    sessions: Sessions, database: Database, s3: S3InMemory
) -> None:
    """It stays so if whoever detaches it was interrupted. LOCK TABLE locks it, and nothing reads it."""
    database.execute(f"""
        {ATTACH}; UPDATE pg_inherits SET inhdetachpending = true WHERE inhrelid = 'p2'::regclass
    """)
    wanted = source(table="p")
    with Coordinator(sessions, [wanted]) as coordinator, reading(coordinator, wanted) as run:
        run.by_threads(1)
        assert ids(run, s3) == list(range(1, ROWS + 1))


def test_a_table_that_a_function_reads_has_to_be_named(
    sessions: Sessions, database: Database, s3: S3InMemory
) -> None:
    """Nobody could know before that it is read, so it was not locked."""
    database.execute("""
        CREATE TABLE t AS SELECT 1 AS id; CREATE TABLE names AS SELECT 'a' AS name;
        CREATE FUNCTION named() RETURNS text LANGUAGE plpgsql STABLE AS
            $$ BEGIN RETURN (SELECT name FROM public.names); END $$
    """)
    call = "SELECT id, public.named() AS name FROM public.t"
    wanted = source(select=call)
    with Coordinator(sessions, [wanted]) as coordinator, reading(coordinator, wanted) as run:
        run.by_threads(1)
        with pytest.raises(SourceError, match=r"public\.names was read but not locked.*name that table, too"):
            run.queue.results()
    wanted = source(select=f"{call} WHERE EXISTS (SELECT FROM public.names)")
    with Coordinator(sessions, [wanted]) as coordinator, reading(coordinator, wanted) as run:
        run.by_threads(1)
        assert ids(run, s3) == [1]
    database.execute("CREATE EXTENSION file_fdw; ALTER EXTENSION file_fdw ADD TABLE names")
    wanted = source(select=call)
    with Coordinator(sessions, [wanted]) as coordinator, reading(coordinator, wanted) as run:
        run.by_threads(1)
        assert ids(run, s3) == [1], "what belongs to an extension is as the extension has it"


def test_what_other_servers_have_is_told(sessions: Sessions, database: Database) -> None:
    """No snapshot of this one is of it."""
    database.execute("""
        CREATE EXTENSION file_fdw; CREATE TABLE t (id int);
        CREATE SERVER there FOREIGN DATA WRAPPER file_fdw;
        CREATE FOREIGN TABLE far (id int) SERVER there OPTIONS (filename '/dev/null');
        CREATE VIEW both_of_them AS SELECT id FROM far UNION ALL SELECT id FROM t
    """)
    for wanted, foreign in (
        (source(table="far"), ("public.far",)),
        (source(table="both_of_them"), ("public.far",)),
        (source(table="t"), ()),
    ):
        with Coordinator(sessions, [wanted]) as coordinator:
            cut = coordinator.cut(wanted, 1)
        assert cut.foreign == foreign
        assert ("not of it are the rows of foreign tables: public.far" in _moment_words(cut)) == bool(foreign)


def test_what_is_read_is_known_on_older_servers_too(
    postgres_13: PostgresServer,
    database_13: Database,
    s3: S3InMemory,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """By the same questions."""
    monkeypatch.setattr("lakeshot.postgres.part_sizes.SMALLEST_BYTES", 64 * 1024)
    database_13.execute(f"""
        CREATE TABLE t AS {SERIES}; ALTER TABLE t ADD UNIQUE (id), ALTER id SET NOT NULL; ANALYZE t;
        CREATE SCHEMA live; CREATE SCHEMA next; CREATE TABLE next.t AS {OTHERS}; ALTER TABLE t SET SCHEMA live
    """)
    wanted = source(schema="live", table="t")
    older = Sessions.of(postgres_13, database_13)
    with Coordinator(older, [wanted]) as coordinator:
        with reading(coordinator, wanted, pace=Trigger(2, lambda: None)) as run:
            run.by_threads(1)
            assert ids(run, s3) == list(range(1, ROWS + 1))
        renamed = Trigger(2, lambda: database_13.execute(RENAMED))
        with reading(coordinator, wanted, pace=renamed) as run:
            run.by_threads(1)
            with pytest.raises(SourceError, match="was read but not locked"):
                run.queue.results()
