"""What would keep a database from writing files itself is found before there is a run."""

from collections.abc import Callable

import pytest

from lakeshot.config.deployed import Deployed
from lakeshot.doctor.report import Outcome
from local.postgres.database import Database
from tests.unit.doctor.conftest import USER, Change, Examined

Examine = Callable[[Deployed], Examined]
FUNCTION = (
    "CREATE FUNCTION aws_s3.query_export_to_s3(query text, bucket text, file_path text, region text{more}) "
    "RETURNS bigint LANGUAGE sql AS 'SELECT 0::bigint'"
)
WITH_KEY = FUNCTION.format(more=", options text, kms_key text")
USAGE = f'GRANT USAGE ON SCHEMA aws_s3, aws_commons TO "{USER}"'
EXECUTE = f'GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA aws_s3 TO "{USER}"'


@pytest.fixture
def landing(articles: Change) -> Deployed:
    """The export, whose files the database is to write itself."""
    return articles(route="aws_s3")


@pytest.fixture
def schemas(shop: Database) -> Database:
    """The extension's schemas, without it."""
    shop.execute("CREATE SCHEMA aws_s3; CREATE SCHEMA aws_commons")
    return shop


def test_a_database_without_the_extension(landing: Deployed, examined: Examine) -> None:
    """How it is had is told; the rest is examined all the same."""
    found = examined(landing)
    assert found.ended(Outcome.FAILED) == ["aws_s3"]
    assert "run CREATE EXTENSION aws_s3 CASCADE in this database" in found["aws_s3"].found


def test_an_extension_that_is_too_old(schemas: Database, landing: Deployed, examined: Examine) -> None:
    """What a run calls has more parameters."""
    schemas.execute(FUNCTION.format(more=""))
    assert "run ALTER EXTENSION aws_s3 UPDATE" in examined(landing)["aws_s3"].found


@pytest.mark.parametrize(
    ("granted", "missing"),
    [
        (EXECUTE, USAGE),
        (USAGE, EXECUTE),
        ("SELECT 1", f"{USAGE} and {EXECUTE}"),
        (f'{EXECUTE}; GRANT USAGE ON SCHEMA aws_s3 TO "{USER}"', USAGE),
    ],
)
def test_a_login_that_may_not_call_it(
    granted: str, missing: str, schemas: Database, landing: Deployed, examined: Examine
) -> None:
    """The GRANT that is missing is told, and no other."""
    schemas.execute(f"{WITH_KEY}; REVOKE EXECUTE ON ALL FUNCTIONS IN SCHEMA aws_s3 FROM PUBLIC; {granted}")
    found = examined(landing)
    assert found.ended(Outcome.FAILED) == ["aws_s3"]
    assert found["aws_s3"].found.endswith(f"have an administrator run {missing}")


def test_a_database_that_can_write_files(schemas: Database, landing: Deployed, examined: Examine) -> None:
    """As far as it knows: its role is AWS's matter."""
    schemas.execute(f"{WITH_KEY}; {USAGE}; {EXECUTE}")
    found = examined(landing)
    assert found.ended(Outcome.FAILED) == []
    assert found["aws_s3"].found.startswith("aws_s3 may be called; whether the database's role lets it write")


def test_an_export_that_is_queried_needs_no_extension(articles: Change, examined: Examine) -> None:
    """So nobody is told of one."""
    assert "aws_s3" not in examined(articles()).checks
