"""RDS in memory: what a cluster answers, look after look."""

from collections.abc import Mapping, Sequence
from typing import NoReturn

from botocore.exceptions import ClientError


class DatabaseInMemory:
    """Holds roles; an association is done at the second look, and ``answers`` come before anything else.

    Each answer is the code of an error, or None for none.
    """

    called = "DB cluster 'shop'"

    def __init__(self, held: Mapping[str, str] | None = None, answers: Sequence[str | None] = ()) -> None:
        self.held = dict(held or {})
        self.answers = list(answers)
        self.told: list[str] = []

    def roles(self) -> Mapping[str, str]:
        """What is held, and then what comes of what was begun."""
        self._answer("DescribeDBClusters")
        found = dict(self.held)
        for role, state in found.items():
            if state == "PENDING":
                self.held[role] = "ACTIVE"
            if state == "LEAVING":
                del self.held[role]
        return found

    def add(self, role: str) -> None:
        """Begin to hold a role."""
        self._answer("AddRoleToDBCluster")
        self.told.append(f"add {role}")
        self.held[role] = "PENDING"

    def remove(self, role: str) -> None:
        """Begin to let it go."""
        self._answer("RemoveRoleFromDBCluster")
        if role not in self.held:
            self.refuse("DBClusterRoleNotFound", "RemoveRoleFromDBCluster")
        self.told.append(f"remove {role}")
        self.held[role] = "LEAVING"

    def refuse(self, code: str, operation: str) -> NoReturn:
        """Answer as AWS does."""
        raise ClientError({"Error": {"Code": code, "Message": f"AWS says {code}"}}, operation)

    def _answer(self, operation: str) -> None:
        code = self.answers.pop(0) if self.answers else None
        if code is not None:
            self.refuse(code, operation)


class RdsInMemory:
    """RDS's client with one cluster and one instance, which may belong to the cluster."""

    def __init__(self) -> None:
        self.cluster, self.instance = DatabaseInMemory(), DatabaseInMemory()
        self.instance_of: str | None = None

    def describe_db_clusters(self, **given: str) -> object:
        assert given == {"DBClusterIdentifier": "shop"}
        return {"DBClusters": [{"AssociatedRoles": self._roles(self.cluster)}]}

    def add_role_to_db_cluster(self, **given: str) -> None:
        assert given == {**given, "DBClusterIdentifier": "shop", "FeatureName": "s3Export"}
        self.cluster.add(given["RoleArn"])

    def remove_role_from_db_cluster(self, **given: str) -> None:
        assert given == {**given, "DBClusterIdentifier": "shop", "FeatureName": "s3Export"}
        self.cluster.remove(given["RoleArn"])

    def describe_db_instances(self, **given: str) -> object:
        assert given == {"DBInstanceIdentifier": "shop-1"}
        belongs = {"DBClusterIdentifier": self.instance_of} if self.instance_of else {}
        return {"DBInstances": [{"AssociatedRoles": self._roles(self.instance), **belongs}]}

    def add_role_to_db_instance(self, **given: str) -> None:
        assert given == {**given, "DBInstanceIdentifier": "shop-1", "FeatureName": "s3Export"}
        self.instance.add(given["RoleArn"])

    def remove_role_from_db_instance(self, **given: str) -> None:
        assert given == {**given, "DBInstanceIdentifier": "shop-1", "FeatureName": "s3Export"}
        self.instance.remove(given["RoleArn"])

    def _roles(self, database: DatabaseInMemory) -> list[dict[str, str]]:
        held = [
            {"RoleArn": role, "Status": state, "FeatureName": "s3Export"}
            for role, state in database.roles().items()
        ]
        # A role for another feature is none of our business.
        return [*held, {"RoleArn": "arn:aws:iam::123456789012:role/import", "FeatureName": "s3Import"}]
