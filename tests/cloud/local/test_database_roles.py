"""Clusters and instances hold roles as RDS's reference says, and whoever gives them one may pass it."""

from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

from tests.cloud.local.account import REGION, Account, wait_for

pytestmark = pytest.mark.cloud

CLUSTER, INSTANCE = "holding-cluster", "holding-instance"
FEATURE = "s3Export"


@pytest.fixture(scope="module")
def rds(account: Account) -> Any:
    client = account.client("rds")
    login = {"MasterUsername": "owner", "MasterUserPassword": "not a secret"}
    client.create_db_cluster(DBClusterIdentifier=CLUSTER, Engine="aurora-postgresql", **login)
    client.create_db_instance(
        DBInstanceIdentifier=INSTANCE,
        Engine="postgres",
        DBInstanceClass="db.t3.micro",
        AllocatedStorage=20,
        **login,
    )
    return client


@pytest.fixture(scope="module")
def role(account: Account, rds: Any) -> str:
    return account.make_role("held-by-database", "rds.amazonaws.com", ("s3:PutObject", "*"))


def held(rds: Any) -> list[dict[str, str]]:
    [cluster] = rds.describe_db_clusters(DBClusterIdentifier=CLUSTER)["DBClusters"]
    roles: list[dict[str, str]] = cluster["AssociatedRoles"]
    return roles


def state_after_pending(rds: Any) -> str:
    return wait_for(lambda: held(rds)[0]["Status"], lambda state: state != "PENDING")


def test_an_association_takes_a_while(rds: Any, role: str) -> None:
    """PENDING, then ACTIVE; a second one is refused, and so is removing what is not there."""
    given = {"DBClusterIdentifier": CLUSTER, "FeatureName": FEATURE}
    rds.add_role_to_db_cluster(**given, RoleArn=role)
    assert held(rds) == [{"RoleArn": role, "FeatureName": FEATURE, "Status": "PENDING"}]
    with pytest.raises(rds.exceptions.DBClusterRoleAlreadyExistsFault):
        rds.add_role_to_db_cluster(**given, RoleArn=role)
    assert state_after_pending(rds) == "ACTIVE"
    rds.remove_role_from_db_cluster(**given, RoleArn=role)
    assert held(rds) == []
    with pytest.raises(rds.exceptions.DBClusterRoleNotFoundFault):
        rds.remove_role_from_db_cluster(**given, RoleArn=role)
    with pytest.raises(rds.exceptions.DBClusterNotFoundFault):
        rds.add_role_to_db_cluster(**{**given, "DBClusterIdentifier": "nowhere"}, RoleArn=role)


def test_an_instance_holds_roles_likewise(rds: Any, role: str) -> None:
    """In its own description, by its own operations."""
    given = {"DBInstanceIdentifier": INSTANCE, "FeatureName": FEATURE, "RoleArn": role}
    rds.add_role_to_db_instance(**given)
    [instance] = rds.describe_db_instances(DBInstanceIdentifier=INSTANCE)["DBInstances"]
    assert [one["RoleArn"] for one in instance["AssociatedRoles"]] == [role]
    rds.remove_role_from_db_instance(**given)
    with pytest.raises(rds.exceptions.DBInstanceRoleNotFoundFault):
        rds.remove_role_from_db_instance(**given)


def test_a_role_that_trusts_another_service_is_invalid(rds: Any, account: Account) -> None:
    """The database cannot act as it, whatever it allows."""
    other = account.make_role("held-in-vain", "glue.amazonaws.com")
    given = {"DBClusterIdentifier": CLUSTER, "FeatureName": FEATURE, "RoleArn": other}
    rds.add_role_to_db_cluster(**given)
    assert state_after_pending(rds) == "INVALID"
    rds.remove_role_from_db_cluster(**given)


@pytest.mark.parametrize(
    ("allowed", "lacks"),
    [
        (
            [("rds:AddRoleToDBCluster", f"arn:aws:rds:{REGION}:000000000000:cluster:{CLUSTER}")],
            "iam:PassRole",
        ),
        (
            [
                ("rds:AddRoleToDBCluster", f"arn:aws:rds:{REGION}:000000000000:cluster:another"),
                ("iam:PassRole", "*"),
            ],
            "rds:AddRoleToDBCluster",
        ),
    ],
)
def test_who_gives_a_role_may_pass_it_and_change_the_cluster(
    allowed: list[tuple[str | list[str], str]], lacks: str, rds: Any, account: Account, role: str
) -> None:
    """Both, on what is named."""
    name = f"giver-without-{lacks.split(':')[1]}"
    giver = account.make_role(name, "lambda.amazonaws.com", *allowed)
    session = account.client("sts").assume_role(RoleArn=giver, RoleSessionName="giver")["Credentials"]
    client = boto3.Session(
        session["AccessKeyId"], session["SecretAccessKey"], session["SessionToken"], region_name=REGION
    ).client(
        "rds",
        endpoint_url=account.instance.settings.endpoint_url,
        verify=str(account.instance.settings.certificate),
    )
    with pytest.raises(ClientError, match=f"not authorized to perform: {lacks}"):
        client.add_role_to_db_cluster(DBClusterIdentifier=CLUSTER, FeatureName=FEATURE, RoleArn=role)
    assert held(rds) == []
