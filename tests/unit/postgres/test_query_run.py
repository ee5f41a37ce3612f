"""Columns go by what the database declares, and by what was published before."""

from contextlib import nullcontext
from types import SimpleNamespace

import pytest

from lakeshot.columns.types import (
    BIGINT,
    DATE,
    DATE_TEXT,
    JSON,
    NULL,
    NUMBER_TEXT,
    STRING,
    Column,
    ColumnType,
    decimal,
)
from lakeshot.errors import SourceError
from lakeshot.postgres.coordinator import KEEP_ALIVE_SECONDS, Coordinator
from lakeshot.postgres.cutting import Cut
from lakeshot.postgres.named_columns import check_named_columns
from lakeshot.postgres.query_run import Query, as_declared, most_connections, most_readers, planned_words
from lakeshot.postgres.secret_sessions import SecretSessions
from lakeshot.postgres.snapshot import Snapshot
from lakeshot.postgres.source import PostgresSource
from local.postgres.database import Database
from local.postgres.server import PostgresServer
from tests.unit.postgres.sessions import MOMENT, Sessions, source


def column(type_: ColumnType, name: str = "c") -> Column:
    return Column(name=name, source=name, type=type_)


def kept(known: ColumnType, declared: ColumnType) -> ColumnType:
    """The type with which files start whose column was published and is declared like this."""
    [only] = as_declared([column(known)], [column(declared)])
    return only.type


def test_a_type_that_was_widened_for_a_value_stays() -> None:
    """Else the column would flip with the rows that happen to be there."""
    assert kept(DATE_TEXT, DATE) == DATE_TEXT
    assert kept(NUMBER_TEXT, decimal(10, 2)) == NUMBER_TEXT
    assert kept(decimal(12, 2), decimal(10, 2)) == decimal(12, 2)


def test_a_declared_type_that_grew_takes_the_place_of_the_published_one() -> None:
    """As if every value needed it."""
    assert kept(decimal(10, 2), decimal(12, 2)) == decimal(12, 2)


def test_a_column_whose_type_was_altered_is_of_the_new_type() -> None:
    """Not JSON text, which would hold both."""
    assert kept(BIGINT, STRING) == STRING
    assert kept(JSON, STRING) == STRING
    assert kept(STRING, DATE) == DATE


def test_json_stays_json() -> None:
    """It is a declared type, too."""
    assert kept(JSON, JSON) == JSON


def test_a_column_that_is_gone_stays_as_it_was() -> None:
    """Its values are null from now on, and earlier snapshots still have them."""
    assert as_declared([column(JSON, "old"), column(BIGINT, "older")], []) == (
        column(JSON, "old"),
        column(BIGINT, "older"),
    )


def test_a_column_of_nothing_but_nulls_gets_the_declared_type() -> None:
    """Nothing was known of it."""
    assert kept(NULL, BIGINT) == BIGINT


@pytest.mark.parametrize(
    ("fields", "slots", "readers", "connections"),
    [
        ({}, 64, 16, 18),
        ({}, 3, 3, 5),
        ({"readers": 40}, 64, 40, 42),
        ({"readers": 40}, 8, 8, 10),
        ({"readers": 40, "consistency": "single"}, 8, 1, 2),
    ],
)
def test_connections_are_those_of_readers_and_two_more(
    fields: dict[str, object], slots: int, readers: int, connections: int
) -> None:
    """One holds the snapshot, unless it is the only one that reads, and one looks after the server."""
    wanted = PostgresSource.model_validate({"type": "postgres", "connection": "main", "table": "t"} | fields)
    assert (most_readers(wanted, slots), most_connections(wanted, slots)) == (readers, connections)


def test_columns_of_types_that_nobody_has_met_are_told(postgres: PostgresServer, database: Database) -> None:
    """With their types, which arrive as text: twenty of them, and how many more."""
    many = ", ".join(f"c{number} hstore" for number in range(23))
    database.execute(f"""
        CREATE EXTENSION hstore; CREATE TABLE few (id int, tags hstore, more hstore[]);
        CREATE TABLE many ({many})
    """)
    few, of_many = (text_columns(postgres, database, table) for table in ("few", "many"))
    assert few == "tags (public.hstore), more (public.hstore[])"
    assert of_many.startswith("c0 (public.hstore), c1 (public.hstore), ")
    assert of_many.endswith(", c19 (public.hstore), and 3 more")


def text_columns(postgres: PostgresServer, database: Database, table: str) -> str:
    with Coordinator(Sessions.of(postgres, database), [source(table=table)]) as coordinator:
        cut = coordinator.cut(source(table=table), readers=1)
        return str(planned_words(cut, coordinator.snapshot, 1)["text_columns"])


@pytest.mark.parametrize(
    ("setting", "name", "told"),
    [
        ("types", "Title", "'types' names the column 'Title', .* close to it: 'title'. Names are matched ex"),
        (
            "partition_by",
            "day",
            "'partition_by' names the column 'day', .* public.article; close to it: none",
        ),
    ],
)
def test_settings_name_columns_that_there_are(setting: str, name: str, told: str) -> None:
    """It is told before a row is read, and not ignored."""
    with pytest.raises(SourceError, match=told):
        check_named_columns({"types": ["id"], setting: [name]}, ["id", "title"], "public.article")


@pytest.mark.parametrize(
    ("shared", "readers", "how", "expected"),
    [
        (True, 2, "4 ranges of ctid", "by 2 connections, as 4 ranges of ctid"),
        (True, 1, "one part, because it is small", "by one connection, as one part, because it is small"),
        (False, 1, "one part", "by the one connection that holds the snapshot, as one part"),
    ],
)
def test_it_is_told_how_many_read(shared: bool, readers: int, how: str, expected: str) -> None:
    """Where no snapshot is shared, nobody reads but its holder."""
    snapshot = Snapshot(
        id="1-1" if shared else None,
        taken_at=MOMENT,
        server=None,
        up_since=MOMENT,
        server_version=180000,
        is_standby=False,
    )
    cut = Cut(columns=(), parts=(), how=how, held=())
    assert planned_words(cut, snapshot, readers) == {"taken_at": MOMENT, "read_by": expected}


@pytest.mark.parametrize(("consistency", "idle"), [("shared", 300), ("single", 60 * 60)])
def test_who_only_holds_a_snapshot_is_ended_by_the_server_soon_after_it_stands_still(
    monkeypatch: pytest.MonkeyPatch, consistency: str, idle: int
) -> None:
    """While it lives it speaks every few seconds; unless it is the one that reads, and may have to wait."""
    asked: list[SecretSessions] = []

    def coordinator(sessions: SecretSessions, *_: object, **__: object) -> nullcontext[None]:
        asked.append(sessions)
        return nullcontext()

    monkeypatch.setattr("lakeshot.postgres.query_run.Coordinator", coordinator)
    with query_of(monkeypatch, consistency=consistency).moment():
        pass
    assert [sessions.idle_timeout_seconds for sessions in asked] == [idle]
    assert idle > 10 * KEEP_ALIVE_SECONDS


def test_a_reader_may_read_and_wait_for_as_long_as_the_snapshot_may_be_held(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A pause, or the pace that a large part has used up, is no reason to do the part again."""
    sessions = query_of(monkeypatch).sessions()
    assert (sessions.statement_timeout_seconds, sessions.idle_timeout_seconds) == (3600, 3600)


def query_of(monkeypatch: pytest.MonkeyPatch, **settings: object) -> Query:
    """A run whose snapshot may be held for an hour."""
    given = {"type": "postgres", "connection": "main", "table": "t", "max_snapshot_minutes": 60}
    wanted = PostgresSource.model_validate({**given, **settings})
    plan = SimpleNamespace(
        query=SimpleNamespace(together=()),
        deployed=SimpleNamespace(export="e", postgres=(wanted, SimpleNamespace(secret="s"))),
        run="run-1",
    )
    monkeypatch.setattr(Query, "server", None)
    return Query(plan, None, "us-east-1", check=lambda: None)  # type: ignore[arg-type]
