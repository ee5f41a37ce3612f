"""A PostgreSQL table arrives whole, exactly and of one moment, whatever happens to it meanwhile."""

import asyncio
import io
import re
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from decimal import Decimal

import asyncpg
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet as pq
import pytest

from lakeshot.runs.records import RunRecord
from local.postgres import article
from local.postgres.database import Database
from tests.cloud.local.account import wait_for
from tests.cloud.pipeline.pipeline import BUCKET, Ended, Pipeline
from tests.cloud.pipeline.shop import PASSWORD, tell_cpu

pytestmark = pytest.mark.cloud

ROWS = 1_000_000
BEING_COPIED = "application_name LIKE 'lakeshot cut-off%' AND query LIKE 'COPY%' AND state = 'active'"
HOLDING = "application_name LIKE 'lakeshot cut-off%' AND state LIKE 'idle in transaction%'"


@pytest.fixture(scope="module")
def articles(shop: Database) -> Database:
    """The shop, with a million articles."""
    shop.execute("DROP TABLE IF EXISTS public.article")  # an empty one, which the doctor's tests look at
    article.create(shop)
    article.fill(shop, ROWS)
    return shop


@contextmanager
def committing(shop: Database, transaction: str) -> Iterator[Callable[[], int]]:
    """A writer that commits a transaction again and again; tells how many it has committed."""
    done, over = [0], threading.Event()

    async def write() -> None:
        connection = await shop.connect()
        while not over.is_set():
            async with connection.transaction():
                await connection.execute(transaction)
            done[0] += 1
        await connection.close()

    thread = threading.Thread(target=lambda: asyncio.run(write()))
    thread.start()
    try:
        yield lambda: done[0]
    finally:
        over.set()
        thread.join()


@contextmanager
def measured(pipeline: Pipeline, *, cpu: float) -> Iterator[None]:
    """CloudWatch has figures of the shop's instance meanwhile."""
    over = threading.Event()

    def measure() -> None:
        while not over.wait(1):
            tell_cpu(pipeline, cpu)

    thread = threading.Thread(target=measure)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


def exported(pipeline: Pipeline, export: str, run: str) -> pa.Table:
    """All rows of a run's snapshot, read from its files."""
    manifest = pipeline.manifest(export, str(pipeline.record(export, run).snapshot))
    s3 = pipeline.client("s3")
    bodies = (s3.get_object(Bucket=BUCKET, Key=file.key)["Body"].read() for file in manifest.files)
    return pa.concat_tables(pq.read_table(io.BytesIO(body)) for body in bodies)


def loaded_back(shop: Database, table: pa.Table, name: str) -> None:
    """The rows in a table of the shop's again, by way of CSV."""
    text = io.BytesIO()
    pyarrow.csv.write_csv(table, text, pyarrow.csv.WriteOptions(include_header=False))
    text.seek(0)

    async def load() -> None:
        connection = await shop.connect()
        await connection.execute("SET timezone TO 'UTC'")
        await connection.copy_to_table(name, source=text, columns=table.column_names, format="csv")
        await connection.close()

    asyncio.run(load())


def reading(pipeline: Pipeline, run: str) -> RunRecord:
    """The record of a run of cut-off, once rows have come."""
    return wait_for(lambda: pipeline.record("cut-off", run), lambda record: record.rows_done > 0)


def assert_nothing_told(pipeline: Pipeline, export: str, failed: Ended) -> None:
    """Nobody is told the password: not by the execution, the record, the notice or the log."""
    record = pipeline.record(export, failed.run)
    told = [failed.cause, str(record.error), pipeline.notice(failed.run)]
    for group in ("/aws-glue/jobs/output", "/aws-glue/jobs/error"):
        told += pipeline.account.log(group, str(record.job_run_id))
    assert all(PASSWORD not in text for text in told)


def test_a_million_rows_are_the_same_rows_while_others_write(pipeline: Pipeline, articles: Database) -> None:
    """Every row of the moment and no other: rows that move, come and go meanwhile are of before or after."""
    articles.execute("CREATE TABLE public.before AS TABLE public.article")
    moves = """
        UPDATE public.article SET price = price + 1 WHERE id = 2;
        UPDATE public.article SET price = price - 1 WHERE id = 999999;
        INSERT INTO public.article (id, price) SELECT max(id) + 1, 7 FROM public.article;
        DELETE FROM public.article WHERE id = (SELECT min(id) FROM public.article WHERE id > 1000000)
    """
    articles.execute("INSERT INTO public.article (id, price) VALUES (1000001, 7)")
    with committing(articles, moves) as committed, measured(pipeline, cpu=31.0):
        run = pipeline.succeed("articles")
        assert committed() > 0
    assert pipeline.number('SELECT count(*) FROM "articles"') == ROWS + 1
    [sums] = pipeline.rows('SELECT sum(price) AS price, max(created_at) AS newest FROM "articles"')
    [wanted] = articles.query("SELECT sum(price) + 7 AS price, max(created_at) AS newest FROM public.before")
    assert (sums["price"], sums["newest"]) == (wanted["price"], wanted["newest"].replace(tzinfo=None))

    articles.execute("CREATE TABLE public.back (LIKE public.article)")
    loaded_back(articles, exported(pipeline, "articles", run), "back")
    before, back = (
        f"SELECT * FROM public.{table} WHERE id NOT IN (2, 999999) AND id <= 1000000"
        for table in ("before", "back")
    )
    # As many rows on both sides, and none that the other lacks: the same rows.
    [differing] = articles.query(f"SELECT count(*) FROM ({before} EXCEPT ALL {back}) AS d")
    [counted] = articles.query(f"SELECT count(*) FROM ({back}) AS b")
    assert (counted["count"], differing["count"]) == (ROWS - 2, 0)
    record = pipeline.record("articles", run)
    assert record.read_by is not None
    assert re.fullmatch(r"by ([2-9]|\d\d) connections, as .*of ctid.*", record.read_by), record.read_by
    assert record.taken_at is not None
    assert record.bytes_read is not None
    load = str(record.source_load).split("; ")
    assert re.match(r"its readers read the table's [0-9,]+ pages 1\.[0-9] times \(\d+ % not from", load[0])
    assert load[2:] == ["CPU of shop-instance-1 was 31 % on average, 31 % at most"]
    [locks] = articles.query("SELECT count(*) FROM pg_stat_activity WHERE application_name LIKE 'lakeshot%'")
    assert locks["count"] == 0


def test_exports_of_a_group_read_one_moment(pipeline: Pipeline, shop: Database) -> None:
    """What was booked in one table and in another by one transaction is in both, or in neither."""
    shop.execute("CREATE TABLE public.account (id int PRIMARY KEY, balance numeric(12,2) NOT NULL)")
    shop.execute("INSERT INTO public.account SELECT n, 0 FROM generate_series(1, 1000) AS n")
    shop.execute("CREATE TABLE public.transfer (amount numeric(12,2) NOT NULL)")
    books = """
        UPDATE public.account SET balance = balance + 1.25 WHERE id = (SELECT 1 + (random() * 999)::int);
        INSERT INTO public.transfer VALUES (1.25)
    """
    with committing(shop, books) as committed:
        ended = pipeline.end(pipeline.start_with(pipeline.group_payload("books")))
        assert ended.status == "SUCCEEDED", ended.cause
        assert committed() > 0
    [account] = pipeline.rows('SELECT sum(balance) AS total FROM "accounts"')
    [transfer] = pipeline.rows('SELECT total FROM "transfers"')
    assert account["total"] == Decimal(transfer["total"])
    assert account["total"] > 0
    moments = {pipeline.record(export, ended.run).taken_at for export in ("accounts", "transfers")}
    assert len(moments) == 1


def test_types_arrive_as_the_table_of_types_says(pipeline: Pipeline, shop: Database) -> None:
    """In the view, too: nothing is rounded, cut or made null."""
    shop.execute("CREATE TYPE public.mood AS ENUM ('sad', 'glad')")
    shop.execute("""
        CREATE TABLE public.every_type (
            id int PRIMARY KEY, "Größe in m" numeric(6,3), exact numeric, ratio double precision,
            day date, at timestamptz, mood public.mood, tags text[], doc jsonb, raw bytea, span int4range
        )
    """)
    shop.execute("""
        INSERT INTO public.every_type VALUES
        (1, 1.805, 'NaN', 'Infinity', 'infinity', '2026-11-22 12:00:00.123456+01', 'glad',
         '{a,NULL,"b,c"}', '{"z": 1.50, "a": null}', '\\x00ff', '[1,5)'),
        (2, NULL, 12345678901234567890.5, 0.1, '2026-02-28', '1969-12-31 23:59:59.999999+00', NULL,
         '{{x},{y}}', 'null', '', 'empty')
    """)
    pipeline.succeed("every-type")
    # Pandas makes null of the text NaN.
    first, second = pipeline.rows(
        "SELECT *, exact = 'NaN' AS is_nan, concat('x', to_hex(raw)) AS bytes FROM every_type ORDER BY id"
    )
    assert str(first["gr__e_in_m"]) == "1.805"
    assert (first["is_nan"], first["ratio"], first["day"]) == (True, float("inf"), "infinity")
    assert str(first["at"]) == "2026-11-22 11:00:00.123456"
    assert (first["mood"], first["tags"]) == ("glad", '["a",null,"b,c"]')
    assert (first["doc"], first["bytes"], first["span"]) == ('{"a": null, "z": 1.50}', "x00FF", "[1,5)")
    assert (second["exact"], second["day"]) == ("12345678901234567890.5", "2026-02-28")
    assert str(second["at"]) == "1969-12-31 23:59:59.999999"
    assert (second["tags"], second["doc"], second["bytes"], second["span"]) == (
        '[["x"],["y"]]',
        "null",
        "x",
        "empty",
    )


def test_what_ends_a_readers_connection_ends_no_run(pipeline: Pipeline, articles: Database) -> None:
    """It connects again, in the same moment; and nobody rewrites the table meanwhile."""
    run = pipeline.start("cut-off")
    reading(pipeline, run)
    for change in (
        "TRUNCATE public.article",
        "VACUUM FULL public.article",
        "ALTER TABLE public.article ADD COLUMN more int",
    ):
        with pytest.raises(asyncpg.LockNotAvailableError):
            attempt(articles, change)
    ended = wait_for(
        lambda: articles.query(
            f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE {BEING_COPIED}"
        ),
        bool,
    )
    assert ended
    outcome = pipeline.end(run)
    assert outcome.status == "SUCCEEDED", outcome.cause
    sums = "SELECT count(*) AS n, count(DISTINCT id) AS ids, sum(id) AS id, sum(price) AS price FROM"
    [expected], [found] = articles.query(f"{sums} public.article"), pipeline.rows(f"{sums} cut_off")
    assert [int(found[name]) for name in ("n", "ids", "id")] == [
        expected["n"],
        expected["ids"],
        expected["id"],
    ]
    assert found["price"] == expected["price"]


def attempt(shop: Database, statement: str) -> None:
    """Run a statement that soon gives up waiting for a lock."""

    async def run() -> None:
        connection = await shop.connect()
        await connection.execute("SET lock_timeout TO '100ms'")
        try:
            await connection.execute(statement)
        finally:
            await connection.close()

    asyncio.run(run())


def test_a_run_ends_with_the_connection_that_holds_its_moment(pipeline: Pipeline, articles: Database) -> None:
    """Readers would no longer see one moment. What was published stays."""
    shown = pipeline.pointer("cut-off").snapshot
    run = pipeline.start("cut-off")
    reading(pipeline, run)
    articles.query(f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE {HOLDING}")
    failed = pipeline.end(run)
    assert failed.status == "FAILED"
    assert "the connection that held the snapshot broke" in str(pipeline.record("cut-off", run).error)
    pipeline.assert_settled("cut-off", shown=shown, kept=[shown] if shown else [])
    [left] = articles.query("SELECT count(*) FROM pg_stat_activity WHERE application_name LIKE 'lakeshot%'")
    assert left["count"] == 0


@pytest.mark.parametrize(
    ("export", "told"),
    [
        ("wrong-password", 'password authentication failed for user "lakeshot_reader"'),
        ("untrusted", "certificate"),
        ("nowhere", "localhost:9"),
        ("forbidden", "GRANT SELECT"),
        ("dropped", "schema 'public' of database 'shop' has no table 'dropped'"),
    ],
)
def test_what_cannot_be_read_is_told_with_its_cause(
    export: str, told: str, pipeline: Pipeline, articles: Database
) -> None:
    """In the record, the notice and the execution; and nothing is left behind."""
    if export == "forbidden":
        articles.execute("CREATE TABLE public.forbidden (id int)")
        articles.execute("REVOKE ALL ON public.forbidden FROM lakeshot_reader")
    if export == "dropped":
        articles.execute("CREATE TABLE public.dropped (id int)")
        articles.execute("DROP TABLE public.dropped")
    failed = pipeline.run(export)
    assert failed.status == "FAILED"
    assert told in str(pipeline.record(export, failed.run).error)
    assert pipeline.record(export, failed.run).next_step
    pipeline.assert_settled(export, shown=None, kept=[])
    assert_nothing_told(pipeline, export, failed)
