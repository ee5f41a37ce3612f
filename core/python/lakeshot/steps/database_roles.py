"""The roles that a database may write to S3 under, as RDS keeps them: of a cluster, or of an instance."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, NotRequired, Protocol, TypedDict

from lakeshot.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from mypy_boto3_rds.client import RDSClient

FEATURE = "s3Export"
"""What RDS calls writing to S3 by ``aws_s3``; a database holds one role for it."""


class _Association(TypedDict):
    RoleArn: NotRequired[str]
    Status: NotRequired[str]
    FeatureName: NotRequired[str]


class Database(Protocol):
    """What holds roles; each call raises botocore's ClientError for what RDS refuses."""

    @property
    def called(self) -> str:
        """What it is, for messages: kind and identifier."""

    def roles(self) -> Mapping[str, str]:
        """The state of each role that is held for the feature, such as PENDING or ACTIVE, by its ARN."""

    def add(self, role: str) -> None:
        """Begin to let the database act under a role."""

    def remove(self, role: str) -> None:
        """Begin to end that."""


class Cluster:
    """An Aurora cluster."""

    def __init__(self, rds: "RDSClient", identifier: str) -> None:
        self._rds = rds
        self._identifier = identifier
        self.called = f"DB cluster {identifier!r}"

    def roles(self) -> Mapping[str, str]:
        """See ``Database``."""
        (found,) = self._rds.describe_db_clusters(DBClusterIdentifier=self._identifier)["DBClusters"]
        return _states(found.get("AssociatedRoles", []))

    def add(self, role: str) -> None:
        """See ``Database``."""
        self._rds.add_role_to_db_cluster(
            DBClusterIdentifier=self._identifier, RoleArn=role, FeatureName=FEATURE
        )

    def remove(self, role: str) -> None:
        """See ``Database``."""
        self._rds.remove_role_from_db_cluster(
            DBClusterIdentifier=self._identifier, RoleArn=role, FeatureName=FEATURE
        )


class Instance:
    """An instance of RDS for PostgreSQL."""

    def __init__(self, rds: "RDSClient", identifier: str) -> None:
        self._rds = rds
        self._identifier = identifier
        self.called = f"DB instance {identifier!r}"

    def roles(self) -> Mapping[str, str]:
        """See ``Database``; ConfigError for an instance of a cluster, which holds the roles in its stead."""
        (found,) = self._rds.describe_db_instances(DBInstanceIdentifier=self._identifier)["DBInstances"]
        if cluster := found.get("DBClusterIdentifier"):
            raise ConfigError(
                f"the {self.called} belongs to the Aurora cluster {cluster!r}, and a cluster's instances "
                f"take no role of their own; give the connection 'cluster: {cluster}' in exports.yaml"
            )
        return _states(found.get("AssociatedRoles", []))

    def add(self, role: str) -> None:
        """See ``Database``."""
        self._rds.add_role_to_db_instance(
            DBInstanceIdentifier=self._identifier, RoleArn=role, FeatureName=FEATURE
        )

    def remove(self, role: str) -> None:
        """See ``Database``."""
        self._rds.remove_role_from_db_instance(
            DBInstanceIdentifier=self._identifier, RoleArn=role, FeatureName=FEATURE
        )


def database(rds: "RDSClient", named: Mapping[str, str]) -> Database:
    """The database that a resource's properties name."""
    return Cluster(rds, named["Cluster"]) if "Cluster" in named else Instance(rds, named["Instance"])


def _states(associations: "Iterable[_Association]") -> Mapping[str, str]:
    return {
        one.get("RoleArn", ""): one.get("Status", "")
        for one in associations
        if one.get("FeatureName") == FEATURE
    }
