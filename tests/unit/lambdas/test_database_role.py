"""The function of databases' roles serves CloudFormation's requests, and always answers them."""

from collections.abc import Callable

import pytest

from lakeshot.steps import associating_role
from tests.unit.lambdas.cloudformation import CloudFormation
from tests.unit.lambdas.conftest import Invoke
from tests.unit.services import Session

ROLE = "arn:aws:iam::123456789012:role/lakeshot-dev-connection-shop-s3"
OLD = f"{ROLE}-old"


@pytest.fixture
def database_role(function: Callable[[str], Invoke], monkeypatch: pytest.MonkeyPatch) -> Invoke:
    monkeypatch.setattr(associating_role, "_POLL_SECONDS", 0)
    return function("database_role")


@pytest.mark.parametrize(
    ("named", "resource"),
    [({"Cluster": "shop"}, "role-of-cluster-shop"), ({"Instance": "shop-1"}, "role-of-instance-shop-1")],
)
def test_a_database_holds_its_role_as_long_as_its_stack(
    named: dict[str, str],
    resource: str,
    session: Session,
    database_role: Invoke,
    cloudformation: CloudFormation,
) -> None:
    """The resource is known by the database, so that another role for it is an update in place."""
    database = session.rds.cluster if "Cluster" in named else session.rds.instance
    database_role(cloudformation.request("Create", Role=ROLE, **named))
    assert database.held == {ROLE: "ACTIVE"}
    database_role(cloudformation.request("Delete", Role=ROLE, **named))
    assert database.held == {}
    for answer in cloudformation.answers:
        assert (answer["Status"], answer["PhysicalResourceId"]) == ("SUCCESS", resource)
    assert len(cloudformation.answers) == 2


def test_another_role_takes_the_place_of_the_old_one(
    session: Session, database_role: Invoke, cloudformation: CloudFormation
) -> None:
    """The old one first makes way."""
    session.rds.cluster.held[OLD] = "ACTIVE"
    request = cloudformation.request("Update", Role=ROLE, Cluster="shop")
    database_role({**request, "OldResourceProperties": {"Role": OLD, "Cluster": "shop"}})
    assert session.rds.cluster.held == {ROLE: "ACTIVE"}
    assert session.rds.cluster.told == [f"remove {OLD}", f"add {ROLE}"]
    assert [answer["Status"] for answer in cloudformation.answers] == ["SUCCESS"]


def test_an_instance_of_a_cluster_is_told_to_be_one(
    session: Session, database_role: Invoke, cloudformation: CloudFormation
) -> None:
    """Aurora's instances take no roles; the stack that failed can be removed."""
    session.rds.instance_of = "shop"
    for kind in ("Create", "Delete"):
        database_role(cloudformation.request(kind, Role=ROLE, Instance="shop-1"))
    failed, removed = cloudformation.answers
    assert failed["Status"] == "FAILED"
    assert "give the connection 'cluster: shop' in exports.yaml" in failed["Reason"]
    assert removed["Status"] == "SUCCESS"
    assert session.rds.instance.told == []
