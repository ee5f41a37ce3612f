"""What lets a database write files itself: the function that gives it a role, and that role."""

from collections.abc import Callable

from local.postgres.aws_s3.upload import PART_BYTES, Target, Upload
from tests.cloud.local.account import REGION, Account, wait_for
from tests.cloud.permissions.proof import Situation
from tests.cloud.permissions.situations_of_ends import answer_to
from tests.cloud.permissions.stage import BUCKET, NAMES, Stage
from tests.cloud.permissions.story import Story

CLUSTER, EXPORT = "allowed-shop", "lands"
ROLE = f"{NAMES.prefix}-connection-shop-s3"
FEATURE = "s3Export"
FILE_BYTES = 10 * PART_BYTES


def make_cluster(account: Account) -> None:
    """The cluster that the connection names."""
    login = {"MasterUsername": "owner", "MasterUserPassword": "only for this test"}
    account.client("rds").create_db_cluster(DBClusterIdentifier=CLUSTER, Engine="aurora-postgresql", **login)


def of_database_role(story: Story) -> list[Situation]:
    """What CloudFormation asks for when the connection's stack is made or removed."""
    stage = story.stage
    arn = stage.client("iam").get_role(RoleName=ROLE)["Role"]["Arn"]

    def asks(request: str, *, held: bool) -> Callable[[], None]:
        def act() -> None:
            hold(stage, arn, held=held)
            answer_to(story, request, {"Cluster": CLUSTER, "Role": arn}, step="database_role")

        return act

    return [
        Situation("give a cluster its role", asks("Create", held=False)),
        Situation("take it off", asks("Delete", held=True), about=("rds:RemoveRoleFromDBCluster on *",)),
    ]


def of_landing_role(story: Story) -> list[Situation]:
    """What the database does by it, as the embedded cloud's ``aws_s3`` does."""
    source, names = story.stage.deployed(EXPORT).source, story.stage.deployed(EXPORT).names
    assert source.type == "postgres"
    assert source.landing is not None
    target = Target(bucket=BUCKET, key=f"{names.data_prefix}part", kms_key=source.landing.kms_key)

    def begun() -> Upload:
        return Upload(story.stage.session(ROLE).client("s3", region_name=REGION), target, FILE_BYTES)

    def writes() -> None:
        upload = begun()
        upload.write(b"1\n")
        upload.complete()

    def gives_up() -> None:
        upload = begun()
        upload.write(bytes(PART_BYTES))
        upload.abort()

    return [
        Situation("write a file", writes),
        Situation("give up a large one", gives_up, about=("s3:AbortMultipartUpload on *",)),
    ]


def hold(stage: Stage, role: str, *, held: bool) -> None:
    """Let the cluster hold the role, or not, as the account's root."""
    rds, given = stage.client("rds"), {"DBClusterIdentifier": CLUSTER, "FeatureName": FEATURE}

    def states() -> list[str]:
        [cluster] = rds.describe_db_clusters(DBClusterIdentifier=CLUSTER)["DBClusters"]
        return [one["Status"] for one in cluster["AssociatedRoles"]]

    if held and not states():
        rds.add_role_to_db_cluster(**given, RoleArn=role)
        wait_for(states, lambda found: found == ["ACTIVE"])
    if not held and states():
        rds.remove_role_from_db_cluster(**given, RoleArn=role)
