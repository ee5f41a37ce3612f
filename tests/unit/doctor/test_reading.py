"""What would keep a run from reading its table is found before there is a run."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from lakeshot.config.deployed import Deployed
from lakeshot.doctor import server_state
from lakeshot.doctor.report import Outcome
from lakeshot.postgres import snapshot
from lakeshot.postgres.event_loop import EventLoop
from local.postgres.database import Database
from local.postgres.server import PostgresServer
from tests.unit.doctor.conftest import ASSETS, USER, Change, Examined, store

if TYPE_CHECKING:
    from mypy_boto3_s3.client import S3Client

Examine = Callable[[Deployed], Examined]


@contextmanager
def somebody(database: Database, *statements: str) -> Iterator[None]:
    """Another session has a transaction open in which it did all of this."""
    with EventLoop() as loop:
        connection = loop.run(database.connect())
        for statement in ("BEGIN", *statements):
            loop.run(connection.execute(statement))
        yield
        loop.run(connection.close())


def test_a_table_that_is_missing(articles: Change, examined: Examine) -> None:
    """What is close to its name is told, and what needs the table is not tried."""
    found = examined(articles(table="Articel"))
    assert found.ended(Outcome.FAILED) == ["table"]
    assert "has no table 'Articel'; close to it: public.article." in found["table"].found
    assert found.ended(Outcome.NOT_TRIED) == ["lock", "parts"]
    assert found["parts"].found == "needs 'lock'"


def test_a_column_that_is_missing(articles: Change, examined: Examine) -> None:
    """Columns that are named have to be there."""
    assert "has no column 'titel'; close to it: title" in examined(articles(columns=["titel"]))["table"].found


def test_a_table_that_may_not_be_read(shop: Database, articles: Change, examined: Examine) -> None:
    """The GRANT that is missing is told."""
    shop.execute(f"REVOKE SELECT ON article FROM {USER}")
    found = examined(articles())
    assert found.ended(Outcome.FAILED) == ["table"]
    assert f'GRANT SELECT ON "public"."article" TO "{USER}"' in found["table"].found


def test_rows_that_a_policy_hides(shop: Database, articles: Change, examined: Examine) -> None:
    """Rows that would be missing silently are a failure."""
    shop.execute("ALTER TABLE article ENABLE ROW LEVEL SECURITY")
    found = examined(articles())
    assert found.ended(Outcome.FAILED) == ["table"]
    assert "row level security" in found["table"].found
    assert "BYPASSRLS" in found["table"].found


def test_types_that_nobody_has_met(shop: Database, articles: Change, examined: Examine) -> None:
    """They work, as text, and are told."""
    shop.execute("CREATE EXTENSION hstore; ALTER TABLE article ADD COLUMN tags hstore")
    found = examined(articles())["table"]
    assert found.outcome is Outcome.PASSED
    assert found.found.endswith("3 columns; as text, because their types are not known: tags (public.hstore)")


def test_a_lock_that_somebody_holds(shop: Database, articles: Change, examined: Examine) -> None:
    """Whoever holds it is told; the rest of the table is not waited for."""
    with somebody(shop, "SET application_name = 'migration'", "LOCK TABLE article"):
        found = examined(articles(lock_timeout_seconds=1))
    assert found.ended(Outcome.FAILED) == ["lock"]
    assert found["lock"].found.startswith('"public"."article" could not be locked for reading, because ')
    assert " of user 'postgres' (migration). Run again when that has ended" in found["lock"].found
    assert found["parts"].found == "needs 'lock'"


def test_a_select_that_waits_for_a_lock(shop: Database, articles: Change, examined: Examine) -> None:
    """A select is only accepted with its tables' locks, so the same is told of it."""
    with somebody(shop, "LOCK TABLE article"):
        found = examined(articles(table=None, select="SELECT id FROM public.article", lock_timeout_seconds=1))
    assert found["select"].found.startswith("the tables of 'select' could not be locked for reading")
    assert " of user 'postgres' (" in found["select"].found


def test_a_select(articles: Change, examined: Examine) -> None:
    """It is checked in the place of a table."""
    found = examined(articles(table=None, select="SELECT id, now() AS at FROM public.article"))
    assert found["select"].found == "'select' is accepted, 2 columns"
    assert found["parts"].found.startswith("read as one part, because 'select' has no 'split_by'")
    assert found.ended(Outcome.FAILED) == []


@pytest.mark.parametrize(
    ("field", "sql", "told"),
    [
        ("where", "titel = 'x'", "'where' is refused in line 1, column 1, near \"titel = 'x'\""),
        ("split_by", "random()", "'split_by' 'random()' may differ each time it is computed"),
    ],
)
def test_sql_that_is_refused(articles: Change, examined: Examine, field: str, sql: str, told: str) -> None:
    """Conditions are tried out as a run would."""
    found = examined(articles(**{field: sql}))
    assert found.ended(Outcome.FAILED) == ["parts"]
    assert told in found["parts"].found


def test_too_few_connections(shop: Database, articles: Change, examined: Examine) -> None:
    """The nearest limit is told, and by what to stay below it."""
    shop.execute(f'ALTER DATABASE "{shop.name}" CONNECTION LIMIT 3')
    found = examined(articles(readers=4))
    assert found.ended(Outcome.FAILED) == ["connections"]
    assert found["connections"].found.startswith(
        "3 of the database's 3 are free, a run takes 6; lower 'readers'"
    )


def test_no_second_connection(shop: Database, articles: Change, examined: Examine) -> None:
    """A snapshot that is not shared is no use to more than one reader."""
    shop.execute(f'ALTER DATABASE "{shop.name}" CONNECTION LIMIT 1')
    found = examined(articles())
    assert found.ended(Outcome.FAILED) == ["connections", "snapshot"]
    assert "a second connection: " in found["snapshot"].found


def test_a_snapshot_that_is_not_shared(
    articles: Change, examined: Examine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A server that does not know another one's snapshot, as behind a balancer, refuses it."""
    monkeypatch.setattr(snapshot, "literal", lambda _: "'0000000A-00000001-1'")
    found = examined(articles())
    assert found.ended(Outcome.FAILED) == ["snapshot"]
    assert found["snapshot"].found.startswith("a second connection did not see the first one's: ")
    assert "'consistency: single' in exports.yaml" in found["snapshot"].found


def test_one_reader_shares_nothing(articles: Change, examined: Examine) -> None:
    """What a run would not do is not asked for."""
    found = examined(articles(consistency="single"))
    assert "snapshot" not in found.checks
    assert found["parts"].found.endswith("by one reader")
    assert found["connections"].found.endswith("a run takes 2")


def test_a_transaction_that_is_open_for_long(
    postgres: PostgresServer,
    shop: Database,
    articles: Change,
    examined: Examine,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """It is told whose it is; a run is not kept from reading by it."""
    monkeypatch.setattr(server_state, "LONG", timedelta(0))
    store({"username": postgres.superuser, "password": postgres.password})
    with somebody(shop, "SET application_name = 'forgotten'", "SELECT 1"):
        found = examined(articles())
    assert found.ended(Outcome.WARNED) == ["transactions"]
    assert "the oldest, of postgres (process " in found["transactions"].found
    assert ", forgotten), is open for 0:00:0" in found["transactions"].found
    assert found.ended(Outcome.FAILED) == []


def test_an_older_server(
    postgres_13: PostgresServer,
    database_13: Database,
    articles: Change,
    examined: Examine,
    aws_of_shop: "S3Client",
) -> None:
    """Whatever is asked, a server that is five years older knows."""
    database_13.execute("CREATE TABLE article (id bigint PRIMARY KEY, title text)")
    database_13.execute("INSERT INTO article SELECT n, repeat('x', 100) FROM generate_series(1, 1000) n")
    store({"username": postgres_13.superuser, "password": postgres_13.password})
    aws_of_shop.put_object(Bucket=ASSETS, Key="ca.pem", Body=postgres_13.ca_certificate.read_bytes())
    found = examined(articles(connection={"port": postgres_13.port, "database": database_13.name}))
    assert found.ended(Outcome.PASSED) == list(found.checks)
    assert found["server"].found == "PostgreSQL 13.22, the writer"
    assert found["parts"].found == "read as one part: 0.2 MB, by one reader"
