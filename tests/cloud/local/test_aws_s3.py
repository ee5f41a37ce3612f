"""The emulated ``aws_s3`` extension behaves as Aurora's documentation says."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import suppress
from pathlib import Path

import asyncpg
import pytest

from local.postgres import article, aws_s3
from local.postgres.database import Database
from local.postgres.server import PostgresServer
from tests.cloud.local.account import REGION, Account, wait_for

pytestmark = pytest.mark.cloud

BUCKET = "from-postgres"
CALL = "SELECT * FROM aws_s3.query_export_to_s3($1, $2, $3)"
CALL_WITH_OPTIONS = (
    "SELECT * FROM aws_s3.query_export_to_s3($1, aws_commons.create_s3_uri($2, $3, $4), options := $5)"
)


@pytest.fixture(scope="module")
def role(account: Account) -> str:
    account.client("s3").create_bucket(Bucket=BUCKET)
    allowed = (["s3:PutObject", "s3:AbortMultipartUpload"], f"arn:aws:s3:::{BUCKET}/allowed/*")
    return account.make_role("exporting-cluster", "rds.amazonaws.com", allowed)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory, account: Account, role: str) -> Iterator[PostgresServer]:
    with PostgresServer.start(tmp_path_factory.mktemp("postgres")) as server:
        aws_s3.offer(server, region=REGION, file_bytes=100_000)
        aws_s3.associate(server, role, account.instance.environment())
        yield server


@pytest.fixture(scope="module")
def exporting(server: PostgresServer) -> Database:
    database = server.create_database("exporting")
    database.execute("CREATE EXTENSION aws_s3 CASCADE")
    article.create(database)
    article.fill(database, 10_000)
    return database


@pytest.fixture
def bucket(account: Account, exporting: Database) -> "Bucket":
    return Bucket(account)


class Bucket:
    """What lies in the bucket."""

    def __init__(self, account: Account) -> None:
        self._s3 = account.client("s3")

    def keys(self, prefix: str) -> list[str]:
        listed = self._s3.list_objects_v2(Bucket=BUCKET, Prefix=prefix)
        return [one["Key"] for one in listed.get("Contents", [])]

    def read(self, key: str) -> bytes:
        return bytes(self._s3.get_object(Bucket=BUCKET, Key=key)["Body"].read())


def test_rows_become_a_file_and_are_counted(exporting: Database, bucket: Bucket) -> None:
    """Text as COPY writes it, under the key as given; the counts are of what was uploaded."""
    sample = "VALUES (1, 'Monday'), (2, E'two\\nlines'), (3, NULL)"
    [counts] = exporting.query(CALL, sample, BUCKET, "allowed/sample")
    assert dict(counts) == {"rows_uploaded": 3, "files_uploaded": 1, "bytes_uploaded": 27}
    assert bucket.read("allowed/sample") == b"1\tMonday\n2\ttwo\\nlines\n3\t\\N\n"


def test_options_are_those_of_copy(exporting: Database, bucket: Bucket) -> None:
    """The example of the documentation, and a header, which is no row."""
    options = "format csv, delimiter $$:$$, header"
    [counts] = exporting.query(
        CALL_WITH_OPTIONS, "SELECT 1 AS n, 'a:b' AS t", BUCKET, "allowed/csv", REGION, options
    )
    assert dict(counts) == {"rows_uploaded": 1, "files_uploaded": 1, "bytes_uploaded": 12}
    assert bucket.read("allowed/csv") == b'n:t\n1:"a:b"\n'


def test_an_existing_file_is_overwritten(exporting: Database, bucket: Bucket) -> None:
    """As documented: nothing of the earlier content stays."""
    exporting.query(CALL, "SELECT 'long before'", BUCKET, "allowed/twice")
    exporting.query(CALL, "SELECT 1", BUCKET, "allowed/twice")
    assert bucket.read("allowed/twice") == b"1\n"


def test_large_exports_have_parts_whose_rows_are_whole(exporting: Database, bucket: Bucket) -> None:
    """The first file has the key as given, the others ``_part2``, ``_part3`` … behind it."""
    query = "SELECT * FROM article ORDER BY id"
    [counts] = exporting.query(CALL_WITH_OPTIONS, query, BUCKET, "allowed/large", None, "format csv")
    keys = ["allowed/large", *(f"allowed/large_part{n}" for n in range(2, counts["files_uploaded"] + 1))]
    assert sorted(bucket.keys("allowed/large")) == sorted(keys)
    assert len(keys) > 3
    files = [bucket.read(key) for key in keys]
    assert sum(map(len, files)) == counts["bytes_uploaded"]
    assert counts["rows_uploaded"] == 10_000
    exporting.execute("CREATE TABLE copied (LIKE article)")
    asyncio.run(load(exporting, files))
    differences = "(TABLE article EXCEPT TABLE copied) UNION ALL (TABLE copied EXCEPT TABLE article)"
    assert exporting.query(differences) == []


async def load(database: Database, files: list[bytes]) -> None:
    """Read each file by itself into the table ``copied``."""

    async def content(file: bytes) -> AsyncIterator[bytes]:
        yield file

    connection = await database.connect()
    try:
        for file in files:
            await connection.copy_to_table("copied", source=content(file), format="csv")
    finally:
        await connection.close()


async def export_as(dsn: str, query: str, key: str) -> asyncpg.Record:
    """What a login gets for a call over TLS."""
    connection = await asyncpg.connect(dsn)
    try:
        [counts] = await connection.fetch(CALL, query, BUCKET, key)
        return counts
    finally:
        await connection.close()


def test_the_callers_rights_count(server: PostgresServer, exporting: Database, bucket: Bucket) -> None:
    """A table the caller may not read isn't exported, whoever owns the function."""
    exporting.execute("CREATE SCHEMA hidden; CREATE TABLE hidden.t AS SELECT 1 AS n")
    exporting.create_reader("s3_reader", "secret")
    dsn = server.dsn(exporting.name, "s3_reader", "secret")
    with pytest.raises(asyncpg.InsufficientPrivilegeError, match="permission denied for schema aws_s3"):
        asyncio.run(export_as(dsn, "SELECT 1", "allowed/denied"))
    aws_s3.allow(exporting, "s3_reader")
    with pytest.raises(asyncpg.InsufficientPrivilegeError, match="permission denied for schema hidden"):
        asyncio.run(export_as(dsn, "SELECT * FROM hidden.t", "allowed/denied"))
    counts = asyncio.run(export_as(dsn, "SELECT count(*) FROM article", "allowed/reader"))
    assert counts["rows_uploaded"] == 1
    assert bucket.keys("allowed/denied") == []
    assert bucket.read("allowed/reader") == b"10000\n"


def test_a_call_sees_its_transactions_snapshot(exporting: Database, bucket: Bucket) -> None:
    """Also one that another connection exported, in a transaction that may only read."""

    async def attack() -> None:
        holder, caller = await exporting.connect(), await exporting.connect()
        try:
            await holder.execute("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
            snapshot = await holder.fetchval("SELECT pg_export_snapshot()")
            await caller.execute("INSERT INTO article (id) VALUES (0)")
            await caller.execute("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
            await caller.execute(f"SET TRANSACTION SNAPSHOT '{snapshot}'")
            await caller.fetchrow(CALL, "SELECT count(*) FROM article", BUCKET, "allowed/snapshot")
            await caller.execute("ROLLBACK")
            await caller.execute("DELETE FROM article WHERE id = 0")
        finally:
            await caller.close()
            await holder.close()

    asyncio.run(attack())
    assert bucket.read("allowed/snapshot") == b"10000\n"


def test_calls_run_side_by_side(exporting: Database, bucket: Bucket) -> None:
    """Each has its own pipe."""

    async def export(number: int) -> int:
        connection = await exporting.connect()
        try:
            query = f"SELECT * FROM article WHERE id % 4 = {number}"
            [counts] = await connection.fetch(CALL, query, BUCKET, f"allowed/side{number}")
            return int(counts["rows_uploaded"])
        finally:
            await connection.close()

    async def all_of_them() -> list[int]:
        return await asyncio.gather(*map(export, range(4)))

    assert asyncio.run(all_of_them()) == [2500] * 4


def test_a_cancelled_call_leaves_nothing(exporting: Database, bucket: Bucket) -> None:
    """Its data ended like those of one that succeeded, but nobody asked to finish."""

    async def attack() -> None:
        connection, other = await exporting.connect(), await exporting.connect()
        try:
            endless = "SELECT pg_sleep(0.001), n FROM generate_series(1, 1000000) n"
            call = asyncio.create_task(connection.fetchrow(CALL, endless, BUCKET, "allowed/cancelled"))
            await asyncio.sleep(0.5)
            await other.execute("SELECT pg_cancel_backend($1)", connection.get_server_pid())
            with pytest.raises(asyncpg.QueryCanceledError):
                await call
        finally:
            await connection.close()
            await other.close()

    asyncio.run(attack())
    assert bucket.keys("allowed/cancelled") == []


def test_what_the_role_lacks_is_refused(exporting: Database, bucket: Bucket) -> None:
    """In S3's words, and the query's result is nowhere."""
    with pytest.raises(asyncpg.InternalServerError, match="could not upload to Amazon S3") as refused:
        exporting.query(CALL, "SELECT generate_series(1, 100000)", BUCKET, "elsewhere/sample")
    assert "is not authorized to perform: s3:PutObject" in (refused.value.detail or "")
    assert bucket.keys("elsewhere") == []


def test_a_query_that_fails_on_its_way_leaves_nothing(exporting: Database, bucket: Bucket) -> None:
    """Its error is the query's own, and its data are no object."""
    with pytest.raises(asyncpg.DivisionByZeroError):
        exporting.query(CALL, "SELECT 1 / (5000 - n) FROM generate_series(1, 9000) n", BUCKET, "allowed/half")
    with pytest.raises(asyncpg.UndefinedTableError):
        exporting.query(CALL, "SELECT * FROM nowhere", BUCKET, "allowed/half")
    assert bucket.keys("allowed/half") == []


def test_no_role_or_one_that_trusts_another_service(
    server: PostgresServer, exporting: Database, account: Account, role: str
) -> None:
    """The function names the missing association."""
    environment = account.instance.environment()
    another = account.make_role("another-service", "glue.amazonaws.com", ("s3:*", "*"))
    try:
        aws_s3.associate(server, another, environment)
        assert_no_credentials(exporting)
        aws_s3.dissociate(server)
        assert_no_credentials(exporting)
    finally:
        aws_s3.associate(server, role, environment)


def assert_no_credentials(database: Database) -> None:
    """A call fails with what Aurora says when it has no role to act as."""
    with pytest.raises(asyncpg.InternalServerError, match="credentials stored with") as refused:
        database.query(CALL, "SELECT 1", BUCKET, "allowed/none")
    assert "s3Export" in (refused.value.hint or "")


def test_a_bucket_of_another_region_is_refused(exporting: Database) -> None:
    """Currently both must be in one region."""
    with pytest.raises(asyncpg.InvalidParameterValueError, match="us-east-1, not in eu-west-1"):
        exporting.query(CALL_WITH_OPTIONS, "SELECT 1", BUCKET, "allowed/region", "eu-west-1", None)


def test_what_uploads_ends_with_the_server(tmp_path: Path) -> None:
    """No process is left, and no folder."""
    with PostgresServer.start(tmp_path) as server:
        aws_s3.offer(server)
        wait_for(lambda: uploaders(server), bool)
    wait_for(lambda: uploaders(server), lambda found: not found)
    assert not server.home.exists()


def uploaders(server: PostgresServer) -> list[str]:
    """The processes that upload for a server."""
    found = []
    for process in Path("/proc").glob("[0-9]*/cmdline"):
        with suppress(OSError):
            command = process.read_text()
            if str(server.home / "aws_s3") in command:
                found.append(command)
    return found
