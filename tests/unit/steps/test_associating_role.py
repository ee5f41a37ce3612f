"""A database gets its role for S3 exactly once, whatever RDS and IAM answer meanwhile."""

import pytest

from lakeshot.errors import ConfigError, LakeshotError, PermissionDeniedError, SourceError
from lakeshot.steps import associating_role
from lakeshot.steps.associating_role import associate, dissociate, replace
from tests.unit.steps.databases import DatabaseInMemory

ROLE = "arn:aws:iam::123456789012:role/lakeshot-dev-connection-shop-s3"
OTHER = "arn:aws:iam::123456789012:role/made-by-hand"
BUSY = "InvalidDBClusterStateFault"


@pytest.fixture(autouse=True)
def _nobody_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(associating_role, "_POLL_SECONDS", 0)


def test_a_role_is_associated_and_waited_for() -> None:
    """The stack goes on once the database can write."""
    database = DatabaseInMemory()
    associate(database, ROLE)
    assert database.held == {ROLE: "ACTIVE"}
    assert database.told == [f"add {ROLE}"]


@pytest.mark.parametrize("state", ["ACTIVE", "PENDING"])
def test_what_is_associated_is_left_as_it_is(state: str) -> None:
    """A request that CloudFormation repeats changes nothing."""
    database = DatabaseInMemory({ROLE: state})
    associate(database, ROLE)
    assert database.told == []


@pytest.mark.parametrize(
    "answers",
    [
        [None, BUSY, None, BUSY],
        ["AccessDenied"] * 3,
        [None, "InvalidParameterValue", None, "AccessDenied"],
        [None, "DBClusterRoleAlreadyExists"],
    ],
)
def test_what_passes_is_waited_for(answers: list[str | None]) -> None:
    """A database that is being changed; roles and permissions that IAM has not told everybody of yet."""
    database = DatabaseInMemory(answers=answers)
    associate(database, ROLE)
    assert database.held == {ROLE: "ACTIVE"}


def test_another_ones_role_is_never_replaced() -> None:
    """The message names it, and what to write into exports.yaml."""
    database = DatabaseInMemory({OTHER: "ACTIVE"})
    with pytest.raises(ConfigError, match=f"already writes to S3 under the role {OTHER}") as refused:
        associate(database, ROLE)
    assert f"'export_role: {OTHER}'" in str(refused.value)
    dissociate(database, ROLE)  # as CloudFormation does after a failure
    assert (database.held, database.told) == ({OTHER: "ACTIVE"}, [])


@pytest.mark.parametrize(
    ("answers", "error", "told"),
    [
        (["DBClusterNotFoundFault"], ConfigError, "there is no DB cluster 'shop' in this account and region"),
        (["AccessDenied"] * 60, PermissionDeniedError, "may not perform"),
        ([None, "DBClusterRoleQuotaExceeded"], SourceError, "AWS says DBClusterRoleQuotaExceeded"),
        ([BUSY] * 60, SourceError, f"has not done so after 7 minutes (it is 'AWS says {BUSY}')"),
    ],
)
def test_what_does_not_pass_is_told(answers: list[str], error: type[LakeshotError], told: str) -> None:
    """With what to do; CloudFormation would otherwise wait for an hour."""
    with pytest.raises(error) as failed:
        associate(DatabaseInMemory(answers=answers), ROLE)
    assert told in str(failed.value)


def test_a_role_that_the_database_cannot_take_fails() -> None:
    """RDS says so by the state of the association."""
    with pytest.raises(SourceError, match=r"it is 'INVALID'.* trusts rds\.amazonaws\.com"):
        associate(DatabaseInMemory({ROLE: "INVALID"}), ROLE)


@pytest.mark.parametrize("answers", [[], [BUSY], [None, "DBClusterRoleNotFound"]])
def test_a_role_is_taken_off_and_waited_for(answers: list[str | None]) -> None:
    """So that it can be deleted."""
    database = DatabaseInMemory({ROLE: "ACTIVE"}, answers)
    dissociate(database, ROLE)
    assert database.held == {}


def test_a_database_that_is_gone_needs_nothing_taken_off() -> None:
    """Its stack can be removed all the same."""
    database = DatabaseInMemory(answers=["DBClusterNotFoundFault"])
    dissociate(database, ROLE)
    assert database.told == []


def test_a_replaced_role_makes_way_for_the_new_one() -> None:
    """One feature takes one role."""
    database = DatabaseInMemory({OTHER: "ACTIVE"})
    replace(database, {"Cluster": "shop", "Role": OTHER}, {"Cluster": "shop", "Role": ROLE})
    assert database.held == {ROLE: "ACTIVE"}


def test_another_database_is_not_touched_by_an_update() -> None:
    """CloudFormation has the old resource deleted afterwards, when nothing can fail any more."""
    database = DatabaseInMemory()
    replace(database, {"Cluster": "old", "Role": ROLE}, {"Cluster": "shop", "Role": ROLE})
    assert database.told == [f"add {ROLE}"]
