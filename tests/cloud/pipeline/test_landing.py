"""Rows that the database writes to S3 itself arrive whole, of one moment, and are published or not at all."""

import asyncio
from collections.abc import AsyncIterator

import asyncpg
import pytest

from local.postgres import article
from local.postgres.database import Database
from tests.cloud.pipeline.aurora import PASSWORD, Ledger
from tests.cloud.pipeline.pipeline import BUCKET, Pipeline
from tests.cloud.pipeline.test_postgres import committing

pytestmark = pytest.mark.cloud

ROWS = 300_000
AWKWARD = (
    (1, "two\nlines\r\n", "tab\there"),
    (2, 'say "no", 100 % | \\N', "\\N"),
    (3, "", " blanks  "),
    (4, None, "東京+😀 \\. \\"),
)


@pytest.fixture(scope="module")
def books(ledger: Ledger, pipeline: Pipeline) -> Database:
    """The ledger with many articles and a few awkward texts, once its cluster has the deployed role."""
    ledger.associate()
    database = ledger.database
    article.create(database)
    article.fill(database, ROWS)
    database.execute("CREATE TABLE public.awkward (id int PRIMARY KEY, t text, c char(12), raw bytea)")
    for number, text, padded in AWKWARD:
        database.execute(
            "INSERT INTO public.awkward VALUES ($1, $2, $3::text, convert_to($3::text, 'UTF8'))",
            number,
            text,
            padded,
        )
    return database


def test_what_lands_is_every_row_of_one_moment(pipeline: Pipeline, books: Database) -> None:
    """By several calls at once, into more files than calls, while others write."""
    books.execute("CREATE TABLE public.before AS TABLE public.article")
    moves = """
        UPDATE public.article SET price = price + 1 WHERE id = 2;
        UPDATE public.article SET price = price - 1 WHERE id = 299999;
        INSERT INTO public.article (id) SELECT min(id) - 1 FROM public.article
    """
    with committing(books, moves) as committed:
        run = pipeline.succeed("landed")
        assert committed() > 0
    record = pipeline.record("landed", run)
    assert record.route == "aws_s3"
    manifest = pipeline.manifest("landed", str(record.snapshot))
    assert len(manifest.files) > 4
    assert manifest.expected_rows == manifest.rows >= ROWS
    assert pipeline.number("SELECT count(*) FROM landed") == manifest.rows
    [sums] = pipeline.rows(
        "SELECT sum(price) AS price, sum(length(title)) AS titles, max(created_at) AS newest, "
        "count(published) AS told, sum(score) AS score FROM landed WHERE id > 0"
    )
    [wanted] = books.query(
        "SELECT sum(price) AS price, sum(length(title)) AS titles, max(created_at) AS newest, "
        "count(published) AS told, sum(score) AS score FROM public.before"
    )
    assert sums["score"] == pytest.approx(wanted["score"])
    for name in ("price", "titles", "told"):
        assert sums[name] == wanted[name]
    assert sums["newest"] == wanted["newest"].replace(tzinfo=None)
    pipeline.assert_settled("landed", shown=manifest.snapshot, kept=[manifest.snapshot])


def test_texts_that_look_like_the_files_own_arrive_as_they_are(pipeline: Pipeline, books: Database) -> None:
    """In CSV with a header and a delimiter of one's own, one line for each row."""
    run = pipeline.succeed("landed-csv")
    # In hex behind an x, as readers of query results make other line breaks of some, and null of no text.
    found = pipeline.rows(
        "SELECT id, coalesce('x' || to_hex(to_utf8(t)), 'null') AS t, "
        "'x' || to_hex(to_utf8(c)) AS c, 'x' || to_hex(raw) AS raw "
        "FROM landed_csv ORDER BY id"
    )
    assert [(one["id"], one["t"], one["c"], one["raw"]) for one in found] == [
        (number, "null" if text is None else in_hex(text), in_hex(padded.ljust(12)), in_hex(padded))
        for number, text, padded in AWKWARD
    ]
    manifest = pipeline.manifest("landed-csv", str(pipeline.record("landed-csv", run).snapshot))
    [file] = manifest.files
    body = pipeline.client("s3").get_object(Bucket=BUCKET, Key=file.key)["Body"].read()
    assert body.splitlines()[0] == b"id|t|c|raw"
    assert len(body.splitlines()) == 1 + len(AWKWARD)


def in_hex(text: str) -> str:
    return f"x{text.encode().hex().upper()}"


def test_binary_files_are_landed_and_counted(pipeline: Pipeline, books: Database) -> None:
    """Another PostgreSQL takes them as they are; no catalog has them."""
    run = pipeline.succeed("landed-binary")
    manifest = pipeline.manifest("landed-binary", str(pipeline.record("landed-binary", run).snapshot))
    assert manifest.rows == len(AWKWARD)
    [file] = manifest.files
    body = pipeline.client("s3").get_object(Bucket=BUCKET, Key=file.key)["Body"].read()
    books.execute("CREATE TABLE public.again (LIKE public.awkward)")
    loaded_binary(books, body, "again")
    assert books.query("TABLE public.again ORDER BY id") == books.query("TABLE public.awkward ORDER BY id")
    tables = pipeline.client("glue").get_tables(DatabaseName="pipeline")["TableList"]
    assert [table["Name"] for table in tables if "landed_binary" in table["Name"]] == []
    assert pipeline.pointer("landed-binary").snapshot == manifest.snapshot


def loaded_binary(books: Database, body: bytes, table: str) -> None:
    async def load() -> None:
        connection: asyncpg.Connection = await books.connect()

        async def blocks() -> AsyncIterator[bytes]:
            yield body

        await connection.copy_to_table(table, source=blocks(), format="binary")
        await connection.close()

    asyncio.run(load())


def test_a_database_without_a_role_publishes_nothing(
    pipeline: Pipeline, ledger: Ledger, books: Database
) -> None:
    """What was shown stays, nothing is left, and what to do is told."""
    shown = pipeline.pointer("landed-csv").snapshot
    with ledger.without_role():
        failed = pipeline.run("landed-csv")
    assert failed.status == "FAILED"
    assert "has no role to write to S3 with" in str(pipeline.record("landed-csv", failed.run).error)
    pipeline.assert_settled("landed-csv", shown=shown, kept=[shown] if shown else [])
    assert PASSWORD not in failed.cause + pipeline.notice(failed.run)


def test_a_role_that_may_not_write_is_told(pipeline: Pipeline, ledger: Ledger, books: Database) -> None:
    """With the permission that it lacks."""
    shown = pipeline.pointer("landed-csv").snapshot
    with pipeline.denied("connection-ledger-s3", "s3:PutObject"):
        failed = pipeline.run("landed-csv")
    assert failed.status == "FAILED"
    assert "s3:PutObject" in str(pipeline.record("landed-csv", failed.run).error)
    pipeline.assert_settled("landed-csv", shown=shown, kept=[shown] if shown else [])


def test_a_database_without_the_extension_is_told_how_to_get_it(
    pipeline: Pipeline, ledger: Ledger, books: Database
) -> None:
    """By its own command."""
    with ledger.without_extension():
        failed = pipeline.run("landed-csv")
    assert "CREATE EXTENSION aws_s3 CASCADE" in str(pipeline.record("landed-csv", failed.run).error)
