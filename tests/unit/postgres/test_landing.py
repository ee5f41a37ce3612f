"""What the database says it has written to S3 is what lies there, or nothing is taken."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import TYPE_CHECKING, cast

import pytest

from lakeshot.columns.types import (
    BIGINT,
    DECIMAL,
    DOUBLE,
    NUMBER_TEXT,
    REAL,
    STRING,
    Column,
    ColumnType,
    decimal,
)
from lakeshot.commit.completion import complete
from lakeshot.commit.part import PartResult
from lakeshot.errors import (
    CommitError,
    LakeshotError,
    PermissionDeniedError,
    SourceError,
)
from lakeshot.files.delimited import Delimited
from lakeshot.files.part_file import PartFile
from lakeshot.files.upload import UncommittedFile
from lakeshot.postgres.column_types import ReadColumn
from lakeshot.postgres.landed_columns import landed_columns, landed_known
from lakeshot.postgres.landing import Landing
from lakeshot.postgres.parts import QueryPart
from lakeshot.postgres.taking import agreed
from local.postgres.database import Database
from local.postgres.server import PostgresServer
from tests.in_memory.s3 import S3InMemory
from tests.unit.postgres.servers import TARGET, Session, session

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

TABS = Delimited(delimiter="\t")
PART = QueryPart(number=3, relation="public.t", bytes=1)
KEY = "p/part-00003-0001-"
SAYS = """
CREATE SCHEMA aws_s3;
CREATE TABLE public.t (id int, name text);
CREATE FUNCTION aws_s3.query_export_to_s3(
    query text, bucket text, file_path text, region text DEFAULT NULL,
    options text DEFAULT NULL, kms_key text DEFAULT NULL,
    OUT rows_uploaded bigint, OUT files_uploaded bigint, OUT bytes_uploaded bigint
) LANGUAGE plpgsql AS $$ BEGIN {} END $$
"""
"""The extension's function, which says or raises what a test wants."""


@pytest.fixture
def ours(postgres: PostgresServer, database: Database) -> Iterator[Session]:
    with session(postgres, database) as ours:
        yield ours


def saying(database: Database, rows: int, files: int, size: int) -> None:
    says = f"rows_uploaded := {rows}; files_uploaded := {files}; bytes_uploaded := {size};"
    database.execute(SAYS.format(says))


def land(
    ours: Session,
    s3: S3InMemory,
    delimited: Delimited = TABS,
    *,
    spend: Callable[[int], object] = lambda _: None,
) -> PartResult:
    reads = ours.columns("t")
    columns = landed_columns([read.column for read in reads], reads, delimited.delimiter)

    return Landing(columns, TARGET, delimited, "arn:key", "us-east-1")(
        ours.connection,
        ours.loop,
        PART,
        attempt=1,
        s3=cast("S3Client", s3),
        spend=spend,
        report=lambda _: None,
    )


def lying(*bodies: bytes, monkeypatch: pytest.MonkeyPatch) -> S3InMemory:
    """Files as the database has written them."""
    monkeypatch.setattr("lakeshot.postgres.landing.secrets.token_hex", lambda _: "0")
    s3, key = S3InMemory(), TARGET.key(3, 1).replace(".text", "-0.text")
    for number, body in enumerate(bodies, 1):
        s3.objects[key if number == 1 else f"{key}_part{number}"] = body
    return s3


def test_files_are_taken_as_they_lie(
    database: Database, ours: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each with its own rows, bytes and checksum; the pace is told of what was written."""
    saying(database, 3, 2, 18)
    waited: list[int] = []
    s3 = lying(b"1\tx\n2\t\\N\n", b"3\tlonger\n", monkeypatch=monkeypatch)
    result = land(ours, s3, spend=waited.append)
    assert (result.rows, result.source_count, result.part, result.attempt) == (3, 3, 3, 1)
    assert [(file.rows, file.bytes) for file in result.files] == [(2, 9), (1, 9)]
    assert all(KEY in file.key for file in result.files)
    assert waited == [18]


@pytest.mark.parametrize(("files", "size"), [(2, 4), (1, 5), (0, 0)])
def test_what_it_says_and_what_lies_there_have_to_agree(
    files: int, size: int, database: Database, ours: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By number of files and by bytes; rows are held against each other by the commit."""
    saying(database, 1, files, size)
    with pytest.raises(SourceError, match=f"has written {files} files of {size} bytes, but 1 of 4 bytes lie"):
        land(ours, lying(b"1\tx\n", monkeypatch=monkeypatch))


def test_a_header_is_of_one_file(database: Database, ours: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    """Readers skip the first line of every file, so that rows would be lost."""
    saying(database, 2, 2, 16)
    with pytest.raises(SourceError, match="of which only the first has a header"):
        land(
            ours,
            lying(b"id\tname\n1\tx\n", b"2\ty\n", monkeypatch=monkeypatch),
            Delimited(delimiter="\t", header=True),
        )


def test_a_file_that_is_none_is_refused_without_its_values(
    database: Database, ours: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Half a line, or a field too many."""
    saying(database, 1, 1, 15)
    with pytest.raises(SourceError, match="cannot be read as text") as refused:
        land(ours, lying(b"1\tx\tto be kept\n", monkeypatch=monkeypatch))
    assert "to be kept" not in str(refused.value)


def test_the_database_is_told_which_key_is_to_encrypt(
    database: Database, ours: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without it files would be encrypted by the bucket's own."""
    given = "ASSERT kms_key = 'arn:key', kms_key; "
    database.execute(SAYS.format(f"{given}rows_uploaded := 1; files_uploaded := 1; bytes_uploaded := 4;"))
    assert land(ours, lying(b"1\tx\n", monkeypatch=monkeypatch)).rows == 1


RAISES = "RAISE EXCEPTION {} USING ERRCODE = '{}', DETAIL = '{}';"


@pytest.mark.parametrize(
    ("raised", "kind", "told"),
    [
        (
            RAISES.format("'credentials stored with the database instance can''t be accessed'", "XX000", ""),
            PermissionDeniedError,
            "associate its export_role with the cluster for the feature s3Export",
        ),
        (
            RAISES.format(
                "'could not upload to Amazon S3'", "XX000", "Amazon S3 client returned ''Denied''."
            ),
            PermissionDeniedError,
            "client returned 'Denied'. The database's role for s3Export needs s3:PutObject",
        ),
        (
            RAISES.format("'permission denied for schema aws_commons'", "42501", ""),
            PermissionDeniedError,
            "GRANT USAGE ON SCHEMA aws_s3, aws_commons",
        ),
        (RAISES.format("'division by zero'", "22012", ""), SourceError, "cannot be computed for some row"),
    ],
)
def test_what_the_extension_refuses_is_told_with_what_to_do(
    raised: str, kind: type[LakeshotError], told: str, database: Database, ours: Session
) -> None:
    """In words that say what is missing."""
    database.execute(SAYS.format(raised))
    with pytest.raises(kind, match=told):
        land(ours, S3InMemory())


def test_a_database_without_the_extension_is_told_how_to_get_it(database: Database, ours: Session) -> None:
    """Whether its schema is missing or its function."""
    database.execute("CREATE TABLE public.t (id int, name text)")
    for _ in range(2):
        with pytest.raises(SourceError, match="CREATE EXTENSION aws_s3 CASCADE"):
            land(ours, S3InMemory())
        database.execute("CREATE SCHEMA IF NOT EXISTS aws_s3")


def part(*types: ColumnType) -> PartResult:
    """A part with a file for each type of its one column."""
    files = tuple(
        PartFile.of(landed(f"k{kind}"), [Column(name="n", source="n", type=kind)], ["n"]) for kind in types
    )
    return PartResult(
        part=0,
        attempt=0,
        files=files,
        rows=len(files),
        source_count=len(files),
        scanned_count=0,
        consumed_units=0,
        pages=0,
        seconds=0,
    )


def landed(key: str, body: bytes = b"1\n") -> UncommittedFile:
    s3 = S3InMemory()
    s3.objects[key] = body
    etag = s3.get_object(Bucket="b", Key=key)["ETag"]
    return UncommittedFile(
        key=key, upload_id="", parts=(), rows=1, bytes=len(body), sha256="", crc32="", landed_etag=etag
    )


def test_all_files_have_the_types_that_hold_the_values_of_all() -> None:
    """Nobody writes them again: a number is the same text in both."""
    results = agreed([part(DECIMAL, DECIMAL), part(NUMBER_TEXT)])
    assert {column.type for result in results for file in result.files for column in file.columns} == {
        NUMBER_TEXT
    }
    same = [part(DECIMAL), part(DECIMAL)]
    assert agreed(same) == same


def test_known_types_stay_where_texts_stay() -> None:
    """A real that was a double before would be another number, an integer that was JSON another text."""

    def column(name: str, kind: ColumnType) -> Column:
        return Column(name=name, source=name, type=kind)

    reads = [
        ReadColumn(column=column("a", DECIMAL), expression="a"),
        ReadColumn(column=column("b", REAL), expression="b"),
        ReadColumn(column=column("c", BIGINT), expression="c"),
        ReadColumn(column=column("d", BIGINT), expression="d"),
    ]
    known = [
        column("a", NUMBER_TEXT),
        column("b", DOUBLE),
        column("c", STRING),
        column("d", decimal(38, 2)),
        column("gone", STRING),
    ]
    kept = {one.source: one.type for one in landed_known(known, reads)}
    assert kept == {"a": NUMBER_TEXT, "b": REAL, "c": BIGINT, "d": decimal(38, 2), "gone": STRING}


def test_a_file_that_landed_counts_if_it_is_still_the_same() -> None:
    """Size and ETag tell; one that was overwritten or removed ends the commit."""
    s3, file = S3InMemory(), landed("k")
    s3.objects["k"] = b"1\n"
    entry = complete(cast("S3Client", s3), "b", file, guard=lambda: None)
    assert (entry.key, entry.rows, entry.etag) == ("k", 1, file.landed_etag)
    s3.objects["k"] = b"2\n"
    for gone in (file, file.model_copy(update={"key": "other"})):
        with pytest.raises(CommitError, match="not there any more as the database wrote it"):
            complete(cast("S3Client", s3), "b", gone, guard=lambda: None)


def test_options_are_those_of_copy() -> None:
    """Quoted as the documentation does it, so that every delimiter is taken as it is."""
    landing = Landing((), TARGET, Delimited(delimiter="|", header=True), None, "us-east-1")
    assert landing.options == ("format csv, delimiter $$|$$, null $$\\N$$, encoding 'UTF8', header true")
    assert replace(landing, delimited=None).options == "format binary"
