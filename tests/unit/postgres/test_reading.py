"""A part's rows reach the files whole, in bounded memory; whatever ends a reading leaves nothing behind."""

import time
from collections.abc import Callable
from datetime import datetime

import pytest

from lakeshot.errors import LakeshotError, PermissionDeniedError, SourceError
from lakeshot.postgres import copy_out
from lakeshot.postgres.column_types import read_columns
from lakeshot.postgres.copy_out import CopyOut
from lakeshot.postgres.server import Login
from lakeshot.postgres.told import ConnectionLostError
from lakeshot.rate.budget import Progress
from local.postgres import article
from local.postgres.database import Database
from local.postgres.server import PostgresServer
from tests.in_memory.s3 import S3InMemory
from tests.unit.postgres.servers import Session, in_files, session
from tests.unit.postgres.waiting import until

SECRET = "pa55word-of-nobody"


@pytest.fixture
def small_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Blocks of some rows, so that few rows make many."""
    monkeypatch.setattr(copy_out, "_BLOCK_BYTES", 20_000)
    monkeypatch.setattr(copy_out, "_BYTES_PER_COLUMN", 1)


@pytest.mark.usefixtures("small_blocks")
def test_all_rows_of_a_table(postgres: PostgresServer, database: Database) -> None:
    """Rows, counts and bytes of many blocks and row groups are told as they are."""
    article.create(database)
    article.fill(database, 20_000)
    spent: list[int] = []
    told: list[Progress] = []
    s3 = S3InMemory()

    with session(postgres, database) as ours:
        result = ours.read(
            "public.article",
            ours.columns("article"),
            s3,
            spend=spent.append,
            report=told.append,
            row_group_bytes=200_000,
        )
    assert (result.rows, result.source_count, result.scanned_count) == (20_000, 20_000, 20_000)
    assert result.pages == len(spent) > 5
    assert result.consumed_units == pytest.approx(sum(spent) / 1e6)
    assert told[-1] == Progress(part=0, rows=20_000, units=result.consumed_units, bytes=result.files[0].bytes)
    ((table, columns),) = in_files(result, s3)
    assert [column.source for column in columns][:3] == ["id", "author_id", "title"]
    expected = database.query(
        "SELECT id, author_id, title, summary, price, score, published, "
        "created_at AT TIME ZONE 'UTC' AS created_at FROM article ORDER BY id"
    )
    rows = sorted(table.to_pylist(), key=lambda row: row["id"])
    for name in ("id", "author_id", "title", "summary", "price", "score", "published"):
        assert [row[name] for row in rows] == [row[name] for row in expected], name
    at = [row["created_at"] and datetime.fromisoformat(row["created_at"]) for row in rows]
    assert at == [row["created_at"] for row in expected]


def test_only_a_parts_rows(postgres: PostgresServer, database: Database) -> None:
    """Conditions are ANDed, each on its own, also one that ends in a comment."""
    database.execute("CREATE TABLE public.t AS SELECT n FROM generate_series(1, 9) AS n")
    s3 = S3InMemory()
    with session(postgres, database) as ours:
        conditions = ("n > 2 -- the first", "n = 1 OR n > 4", "n < 8")
        result = ours.read("public.t", ours.columns("t"), s3, conditions=conditions)
    assert in_files(result, s3)[0][0].column("n").to_pylist() == [5, 6, 7]


def test_no_rows(postgres: PostgresServer, database: Database) -> None:
    """A part without rows makes no file, and is no failure."""
    database.execute("CREATE TABLE public.t (a int)")
    s3 = S3InMemory()
    with session(postgres, database) as ours:
        result = ours.read("public.t", ours.columns("t"), s3)
    assert (result.rows, result.source_count, result.files, s3.uploads) == (0, 0, (), {})


def test_rows_that_are_nothing_but_nulls(postgres: PostgresServer, database: Database) -> None:
    """Of one column, an empty text is an empty line, which is a row all the same."""
    database.execute(
        "CREATE TABLE public.t (a text); INSERT INTO public.t VALUES (NULL), (''), (NULL), (NULL)"
    )
    s3 = S3InMemory()
    with session(postgres, database) as ours:
        result = ours.read("public.t", ours.columns("t"), s3)
    assert in_files(result, s3)[0][0].column("a").to_pylist() == [None, "", None, None]


def test_a_first_value_that_begins_with_a_byte_order_mark(
    postgres: PostgresServer, database: Database
) -> None:
    """It is a part of the text, not of the file that Arrow takes a block for."""
    database.execute(
        "CREATE TABLE public.t (a text); INSERT INTO public.t VALUES (E'\\uFEFFa'), (E'\\uFEFFb')"
    )
    s3 = S3InMemory()
    with session(postgres, database) as ours:
        result = ours.read("public.t", ours.columns("t"), s3)
    assert in_files(result, s3)[0][0].column("a").to_pylist() == ["\ufeffa", "\ufeffb"]


def test_a_table_without_columns(postgres: PostgresServer, database: Database) -> None:
    database.execute("CREATE TABLE public.t (); INSERT INTO public.t DEFAULT VALUES")
    with session(postgres, database) as ours, pytest.raises(SourceError, match="no columns"):
        ours.columns("t")
    with pytest.raises(SourceError, match="no columns"):
        read_columns(())


def test_as_many_columns_as_a_table_may_have(postgres: PostgresServer, database: Database) -> None:
    names = [f"c{number}" for number in range(1600)]
    database.execute(f"CREATE TABLE public.t ({', '.join(f'{name} smallint' for name in names)})")
    values = ", ".join(f"n + {number}" for number in range(1600))
    database.execute(f"INSERT INTO public.t SELECT {values} FROM generate_series(1, 3) n")
    s3 = S3InMemory()
    with session(postgres, database) as ours:
        result = ours.read("public.t", ours.columns("t"), s3)
    ((table, columns),) = in_files(result, s3)
    assert [column.name for column in columns] == names
    assert table.column("c1599").to_pylist() == [1600, 1601, 1602]


def test_a_value_that_is_larger_than_any_block(postgres: PostgresServer, database: Database) -> None:
    """It comes as one block however large it is, between rows that are small."""
    database.execute(
        "CREATE TABLE public.t AS SELECT 1 AS n, 'a' AS a, '\\x00'::bytea AS b UNION ALL "
        "SELECT 2, repeat(E'\"\\n', 20000000), decode(repeat('00ff', 10000000), 'hex') UNION ALL "
        "SELECT 3, '', ''"
    )
    s3 = S3InMemory()
    with session(postgres, database) as ours:
        result = ours.read("public.t", ours.columns("t"), s3)
    rows = sorted(
        (row for table, _ in in_files(result, s3) for row in table.to_pylist()), key=lambda row: row["n"]
    )
    assert [row["n"] for row in rows] == [1, 2, 3]
    assert rows[1]["a"] == '"\n' * 20_000_000
    assert rows[1]["b"] == b"\x00\xff" * 10_000_000
    assert (rows[2]["a"], rows[2]["b"]) == ("", b"")


def test_generated_columns(postgres: PostgresServer, database: Database) -> None:
    """Stored and virtual ones are read as they are."""
    database.execute(
        "CREATE TABLE public.t (a int, b int GENERATED ALWAYS AS (a * 2) STORED, "
        "c int GENERATED ALWAYS AS (a * 3) VIRTUAL); INSERT INTO public.t VALUES (5)"
    )
    s3 = S3InMemory()
    with session(postgres, database) as ours:
        result = ours.read("public.t", ours.columns("t"), s3)
    assert in_files(result, s3)[0][0].to_pylist() == [{"a": 5, "b": 10, "c": 15}]


@pytest.mark.usefixtures("small_blocks")
def test_a_column_that_disappoints_late(postgres: PostgresServer, database: Database) -> None:
    """Values before the first odd one stay what they are once the column is text."""
    database.execute(
        "CREATE TABLE public.t AS SELECT n, "
        "CASE WHEN n = 25000 THEN 'infinity' ELSE date '2020-01-01' + n END AS d, "
        "(CASE WHEN n = 27000 THEN 'NaN' ELSE n / 4.0 END)::numeric(9,2) AS m "
        "FROM generate_series(1, 50000) AS n"
    )
    s3 = S3InMemory()
    with session(postgres, database) as ours:
        result = ours.read("public.t", ours.columns("t"), s3)
    assert result.pages > 2
    ((table, columns),) = in_files(result, s3)
    assert [str(column.type) for column in columns] == ["bigint", "date_text", "number_text"]
    days, numbers = (
        dict(zip(table.column("n").to_pylist(), table.column(of).to_pylist(), strict=True)) for of in "dm"
    )
    assert (days[1], days[25000], days[50000]) == ("2020-01-02", "infinity", "2156-11-23")
    assert [numbers[n] for n in (1, 2, 4, 27000, 49998)] == ["0.25", "0.5", "1", "NaN", "12499.5"]


@pytest.mark.usefixtures("small_blocks")
def test_no_more_is_received_than_is_worked_on(postgres: PostgresServer, database: Database) -> None:
    """While nobody takes blocks, the server has to wait with the rest of a large table."""
    database.execute("CREATE TABLE public.t AS SELECT repeat('x', 1000) AS a FROM generate_series(1, 50000)")
    with session(postgres, database) as ours:
        with CopyOut(
            ours.connection, ours.loop, "SELECT a FROM public.t", columns=1, doing="reading"
        ) as copy:
            blocks = copy.blocks()
            first = next(blocks)
            waiting = _settled(copy._ready.qsize)
            rest = sum(map(len, blocks))
        assert waiting <= 2
        assert copy.rows_sent == 50_000
        assert len(first) + rest > 50_000_000


def _settled(measure: Callable[[], int]) -> int:
    """What is measured once it has stayed the same for a while."""
    last, since = measure(), time.monotonic()
    while time.monotonic() < since + 0.5:
        if (now := measure()) != last:
            last, since = now, time.monotonic()
        time.sleep(0.02)
    return last


def failing(
    ours: Session, *, relation: str = "public.t", **given: object
) -> tuple[BaseException, S3InMemory]:
    """What a reading raises; it leaves no upload behind."""
    s3 = S3InMemory()
    with pytest.raises((LakeshotError, _StopError)) as raised:
        ours.read(relation, ours.columns("t"), s3, **given)  # type: ignore[arg-type]
    assert s3.uploads == {}
    return raised.value, s3


class _StopError(Exception):
    """What a driver that gives up makes its readers raise."""


@pytest.fixture
def large(database: Database) -> Database:
    """A table of 60 MB, so that a reading is midway for a while."""
    database.execute("CREATE TABLE public.t AS SELECT repeat('x', 1000) AS a FROM generate_series(1, 60000)")
    return database


def test_a_reading_that_is_told_to_stop(postgres: PostgresServer, large: Database) -> None:
    """It ends at once: the uploads are aborted, and the server's process is gone soon."""
    spent: list[int] = []

    def stop(size: int) -> float:
        spent.append(size)
        if len(spent) == 3:
            raise _StopError
        return 0.0

    with session(postgres, large) as ours:
        pid = ours.connection.get_server_pid()
        error, _ = failing(ours, spend=stop)
        assert isinstance(error, _StopError)
        until(lambda: not large.query("SELECT 1 FROM pg_stat_activity WHERE pid = $1", pid))
        assert ours.connection.is_closed()


def test_a_connection_that_is_ended_midway(postgres: PostgresServer, large: Database) -> None:
    """As by an administrator or a failover: another connection may do."""
    with session(postgres, large) as ours:
        pid = ours.connection.get_server_pid()

        def end(_: int) -> float:
            large.query("SELECT pg_terminate_backend($1)", pid)
            return 0.0

        error, _ = failing(ours, spend=end)
    assert isinstance(error, ConnectionLostError)
    assert "reading part 0 of public.t" in str(error)


def test_a_statement_that_takes_too_long(postgres: PostgresServer, large: Database) -> None:
    with session(postgres, large) as ours:
        columns = ours.columns("t")
        ours.loop.run(ours.connection.execute("SET statement_timeout = '300ms'"))
        s3 = S3InMemory()
        with pytest.raises(SourceError, match="statement_timeout"):
            ours.read("public.t", columns, s3, conditions=("pg_sleep(0.001) IS NOT NULL",))
    assert s3.uploads == {}


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        ("nowhere = 1", 'column "nowhere" does not exist'),
        ("n ==== 1", "operator does not exist"),
        ("n = ", "syntax error"),
        ("public.nothing(n)", "function public.nothing"),
        ("n / (n - 5) > 0", "cannot be computed for some row"),
        ("a::int > 0", "cannot be computed for some row"),
        ("nextval('public.s') > 0", "may only read"),
        ("public.emptied()", "may only read"),
    ],
)
def test_a_condition_that_cannot_be(
    postgres: PostgresServer, database: Database, condition: str, expected: str
) -> None:
    """What is wrong is told, and no value of a row."""
    database.execute(
        "CREATE SEQUENCE public.s; CREATE FUNCTION public.emptied() RETURNS bool LANGUAGE plpgsql AS "
        "'BEGIN DELETE FROM public.t; RETURN true; END';"
        "CREATE TABLE public.t AS SELECT n, 'v4lue' AS a FROM generate_series(1, 9) n"
    )
    with session(postgres, database) as ours:
        error, _ = failing(ours, conditions=(condition,))
    assert type(error) is SourceError
    assert expected in str(error)
    assert "exports.yaml" in str(error)
    assert "v4lue" not in str(error)
    assert database.query("SELECT count(*) FROM public.t")[0][0] == 9


def test_a_table_that_is_dropped_meanwhile(postgres: PostgresServer, database: Database) -> None:
    database.execute("CREATE TABLE public.t (a int)")
    with session(postgres, database) as ours:
        error, _ = failing(ours, relation="public.dropped")
    assert type(error) is SourceError
    assert 'relation "public.dropped" does not exist' in str(error)


@pytest.fixture
def reader(database: Database) -> Login:
    """A login that may read the tables that are made from now on."""
    database.create_reader("reader", SECRET)
    return Login(user="reader", password=SECRET)


def test_a_table_that_may_not_be_read(postgres: PostgresServer, database: Database, reader: Login) -> None:
    database.execute("CREATE TABLE public.t (a int)")
    with session(postgres, database, reader) as ours:
        columns = ours.columns("t")
        database.execute("REVOKE SELECT ON public.t FROM reader")
        with pytest.raises(PermissionDeniedError, match=r"permission denied for table t .*GRANT SELECT"):
            ours.read("public.t", columns, S3InMemory())


def test_rows_that_a_policy_hides(postgres: PostgresServer, database: Database, reader: Login) -> None:
    """They are an error, not fewer rows."""
    database.execute("CREATE TABLE public.t (a int); INSERT INTO public.t VALUES (1)")
    with session(postgres, database, reader) as ours:
        columns = ours.columns("t")
        database.execute("ALTER TABLE public.t ENABLE ROW LEVEL SECURITY")
        with pytest.raises(SourceError, match=r"row-level security.*BYPASSRLS"):
            ours.read("public.t", columns, S3InMemory())


def test_a_text_that_is_not_utf8(postgres: PostgresServer) -> None:
    """A database of no encoding can hold one; it is not shown."""
    postgres.execute(
        "CREATE DATABASE no_encoding ENCODING SQL_ASCII TEMPLATE template0 LC_COLLATE 'C' LC_CTYPE 'C'"
    )
    try:
        database = postgres.database("no_encoding")
        database.execute("CREATE TABLE public.t AS SELECT 'v4lue' || convert_from('\\xff', 'SQL_ASCII') AS a")
        with session(postgres, database) as ours:
            error, _ = failing(ours)
    finally:
        postgres.drop_database("no_encoding")
    assert "a text is not UTF-8" in str(error)
    assert "v4lue" not in str(error)


def test_an_upload_that_fails(postgres: PostgresServer, large: Database) -> None:
    """What S3 refuses ends the reading and the connection alike."""

    class Full(S3InMemory):
        def upload_part(self, **given: object) -> dict[str, object]:
            raise _StopError

    with session(postgres, large) as ours, pytest.raises(_StopError):
        ours.read("public.t", ours.columns("t"), Full(), row_group_bytes=100_000)


@pytest.mark.usefixtures("small_blocks")
@pytest.mark.parametrize("by_us", [True, False])
def test_a_connection_that_breaks_while_nothing_is_taken(
    postgres: PostgresServer, large: Database, by_us: bool
) -> None:
    """As by a driver that says stop while a reader waits its turn, or by the network: it ends as well."""
    with session(postgres, large) as ours:
        transport = ours.connection._transport  # type: ignore[attr-defined]

        def end(_: int) -> float:
            time.sleep(0.2)
            ours.loop.call(ours.connection.terminate if by_us else transport.abort)
            time.sleep(0.2)
            return 0.0

        error, _ = failing(ours, spend=end)
    assert isinstance(error, ConnectionLostError)
