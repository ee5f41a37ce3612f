"""ARNs of what one stage names, so that roles can be confined before or without the resource itself."""

from collections.abc import Sequence
from dataclasses import dataclass

import aws_cdk as cdk

from lakeshot.names import StageNames


@dataclass(frozen=True)
class Arns:
    """ARNs in the account and region of ``stack``."""

    stack: cdk.Stack
    names: StageNames
    database: str

    @property
    def bucket_name(self) -> str:
        """Name of the stage's bucket; holds tokens where account or region are not known at synth."""
        return self.names.bucket(self.stack.account, self.stack.region)

    @property
    def bucket(self) -> str:
        """The stage's bucket."""
        return f"arn:{self.stack.partition}:s3:::{self.bucket_name}"

    def objects(self, prefix: str) -> str:
        """All objects of the bucket below a prefix."""
        return f"{self.bucket}/{prefix}*"

    @property
    def run_table(self) -> str:
        """The run table."""
        return self._arn("dynamodb", f"table/{self.names.run_table}")

    def source_table(self, table: str) -> str:
        """A DynamoDB table that is exported."""
        return self._arn("dynamodb", f"table/{table}")

    def parameter(self, export: str) -> str:
        """The SSM parameter of an export."""
        return self._arn("ssm", f"parameter{self.names.parameter(export)}")

    def group_parameter(self, group: str) -> str:
        """The SSM parameter of a group of exports."""
        return self._arn("ssm", f"parameter{self.names.group_parameter(group)}")

    def job(self, name: str) -> str:
        """A Glue job."""
        return self._arn("glue", f"job/{name}")

    def crawler(self, name: str) -> str:
        """A Glue crawler."""
        return self._arn("glue", f"crawler/{name}")

    def catalog(self, *tables: str) -> Sequence[str]:
        """Tables of the database, with the database and catalog that Glue wants to see allowed as well."""
        names = [
            "catalog",
            f"database/{self.database}",
            *(f"table/{self.database}/{table}" for table in tables),
        ]
        return [self._arn("glue", name) for name in names]

    @property
    def glue_catalog(self) -> str:
        """The Glue Data Catalog, which Glue wants to see allowed beside whatever is in it."""
        return self._arn("glue", "catalog")

    def glue_connection(self, name: str) -> str:
        """A Glue connection."""
        return self._arn("glue", f"connection/{name}")

    def ec2(self, resource: str) -> str:
        """Something of the network that is this account's own, such as ``network-interface/*``."""
        return self._arn("ec2", resource)

    def shared_ec2(self, resource: str) -> str:
        """Something of the network that another account may share, such as ``subnet/subnet-0a1b2c3d``.

        No two accounts have a resource of the same id.
        """
        return f"arn:{self.stack.partition}:ec2:{self.stack.region}:*:{resource}"

    def rds(self, resource: str) -> str:
        """A cluster or an instance of a database, such as ``cluster:shop``."""
        return self._arn("rds", resource)

    def secret(self, name: str) -> str:
        """A secret, without the characters that its ARN ends in."""
        return self._arn("secretsmanager", f"secret:{name}")

    @property
    def default_database(self) -> str:
        """The database that Athena takes where none is named."""
        return self._arn("glue", "database/default")

    @property
    def workgroup(self) -> str:
        """The stage's Athena workgroup."""
        return self._arn("athena", f"workgroup/{self.names.workgroup}")

    @property
    def data_catalog(self) -> str:
        """Athena's name for the Glue Data Catalog."""
        return self._arn("athena", "datacatalog/AwsDataCatalog")

    def function(self, step: str) -> str:
        """The helper function of a step."""
        return self._arn("lambda", f"function:{self.names.function(step)}")

    @property
    def state_machine(self) -> str:
        """The stage's state machine."""
        return self._arn("states", f"stateMachine:{self.names.state_machine}")

    @property
    def executions(self) -> str:
        """All executions of the state machine."""
        return self._arn("states", f"execution:{self.names.state_machine}:*")

    def logs(self, group: str) -> str:
        """Log groups, or with ``:log-stream:`` streams."""
        return self._arn("logs", f"log-group:{group}")

    def role(self, name: str) -> str:
        """A role of the account."""
        return f"arn:{self.stack.partition}:iam::{self.stack.account}:role/{name}"

    def _arn(self, service: str, resource: str) -> str:
        return f"arn:{self.stack.partition}:{service}:{self.stack.region}:{self.stack.account}:{resource}"
