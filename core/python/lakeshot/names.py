"""The one place where names are made: of resources, of catalog entries and of keys in S3.

Stacks create what these functions name and the runtime finds it again, so neither side spells a
name by hand and a role can be confined to ``lakeshot-<stage>-``.
"""

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256

PARTITION_KEY = "snapshot_timestamp"
STAGED_VIEW = "lakeshot_staged_"
"""How the names of views begin that are made beside the real ones."""
RAW_EXPORTS_PREFIX = "dynamodb_exports/"
"""Below it lies what DynamoDB's own exports write, of every export."""
SNAPSHOT_FORMAT = "%Y%m%dT%H%M%SZ"
"""Compact UTC: ``:`` breaks partition repair in Athena and is escaped by Spark."""


@dataclass(frozen=True)
class StageNames:
    """Names of what all exports of one stage share."""

    stage: str

    @property
    def prefix(self) -> str:
        """What every resource name of this stage begins with."""
        return f"lakeshot-{self.stage}"

    @property
    def common_stack(self) -> str:
        """CloudFormation stack of bucket, roles, state machine and functions."""
        return f"{self.prefix}-common"

    @property
    def state_machine(self) -> str:
        """State machine that serves every snapshot-like export."""
        return f"{self.prefix}-export"

    @property
    def run_table(self) -> str:
        """DynamoDB table of locks, run records and published pointers."""
        return f"{self.prefix}-runs"

    @property
    def topic(self) -> str:
        """SNS topic of notices."""
        return f"{self.prefix}-notices"

    @property
    def workgroup(self) -> str:
        """Athena workgroup of the pipeline's own queries."""
        return self.prefix

    def bucket(self, account: str, region: str) -> str:
        """Bucket of data, manifests and run files."""
        return f"{self.prefix}-{account}-{region}"

    def function(self, step: str) -> str:
        """Lambda function of one workflow step; its role has the same name."""
        return f"{self.prefix}-{step.replace('_', '-')}"

    def parameter(self, export: str) -> str:
        """SSM parameter that tells what is deployed for an export."""
        return f"/lakeshot/{self.stage}/exports/{export}"

    def group_parameter(self, group: str) -> str:
        """SSM parameter that tells what is deployed for a group of exports."""
        return f"/lakeshot/{self.stage}/groups/{group}"


@dataclass(frozen=True)
class ExportNames:
    """Names of what belongs to one export."""

    stage: str
    export: str

    @property
    def resource(self) -> str:
        """Glue job, crawler and schedule of the export, and its stack."""
        return f"lakeshot-{self.stage}-{self.export.replace('_', '-')}"

    @property
    def job_role(self) -> str:
        """Role under which the export's source is read."""
        return f"{self.resource}-job"

    @property
    def crawler_role(self) -> str:
        """Role under which the export's files are crawled."""
        return f"{self.resource}-crawler"

    @property
    def view(self) -> str:
        """Athena view of the latest published snapshot."""
        return self.export.replace("-", "_")

    @property
    def table(self) -> str:
        """Catalog table of all snapshots, until a column's type changes; what a crawler writes to."""
        return f"snapshots_{self.view}"

    @property
    def changes_table(self) -> str:
        """Catalog table of what changed between snapshots, until a column's type changes.

        No other table is called like that, because two underscores never meet in an export's name.
        """
        return f"{self.table}__changes"

    def table_of(self, generation: int, *, changes: bool = False) -> str:
        """Catalog table of one generation of snapshots or changes (see ``lakeshot.lake.generations``)."""
        first = self.changes_table if changes else self.table
        return first if generation == 1 else f"{first}__{generation}"

    @property
    def data_prefix(self) -> str:
        """Prefix of all data files of whole snapshots; nothing else lives below it."""
        return f"{self.table}/"

    @property
    def changes_prefix(self) -> str:
        """Prefix of all data files of changes; nothing else lives below it."""
        return f"{self.changes_table}/"

    def prefix_of(self, *, changes: bool) -> str:
        """Prefix of the data files of changes, or of whole snapshots."""
        return self.changes_prefix if changes else self.data_prefix

    @property
    def raw_exports_prefix(self) -> str:
        """Prefix of what DynamoDB's own exports write; its lifecycle removes it."""
        return f"{RAW_EXPORTS_PREFIX}{self.export}"

    @property
    def runs_prefix(self) -> str:
        """Prefix of plans, manifests and other run files."""
        return f"runs/{self.export}/"


@dataclass(frozen=True)
class ConnectionNames:
    """Names of what belongs to a connection to a database."""

    stage: str
    connection: str

    @property
    def resource(self) -> str:
        """Stack of the connection, its security group, and how the names of the rest begin."""
        return f"lakeshot-{self.stage}-connection-{self.connection}"

    @property
    def landing_role(self) -> str:
        """Role under which the database writes the files of exports itself."""
        return f"{self.resource}-s3"

    def glue_connection(self, subnet: str) -> str:
        """Glue connection through which jobs run in one of the connection's subnets."""
        return f"{self.resource}-{subnet}"


@dataclass(frozen=True)
class GroupNames:
    """Names of what belongs to a group of exports."""

    stage: str
    group: str

    @property
    def resource(self) -> str:
        """Schedule of the group, and its stack."""
        return f"lakeshot-{self.stage}-group-{self.group.replace('_', '-')}"

    @property
    def view(self) -> str:
        """Athena view of what the group's members last published together."""
        return self.group.replace("-", "_")


def staged_view(view: str, token: str) -> str:
    """Where a view is made before it takes the place of ``view``; the token keeps makers apart."""
    return f"{STAGED_VIEW}{view}_{token}"


def snapshot_name(moment: datetime) -> str:
    """The partition value of a moment, such as ``20261121T232605Z``."""
    return moment.astimezone(UTC).strftime(SNAPSHOT_FORMAT)


def snapshot_moment(snapshot: str) -> datetime:
    """The moment a partition value stands for; ``ValueError`` if it is not one."""
    return datetime.strptime(snapshot, SNAPSHOT_FORMAT).replace(tzinfo=UTC)


def snapshot_prefix(data_prefix: str, snapshot: str) -> str:
    """Prefix of one snapshot's files, in Hive's partition layout."""
    return f"{data_prefix}{PARTITION_KEY}={snapshot}/"


def run_token(run: str) -> str:
    """Eight hex digits that tell this run's files from any other run's for the same moment."""
    return sha256(run.encode()).hexdigest()[:8]


def moment_key(names: ExportNames, run: str) -> str:
    """Key of what an export tells others that read the same moment in the same run."""
    return f"{names.runs_prefix}{run}/moment.json"


_CLOUD_RESOURCE = re.compile(r"s3://(?P<bucket>[^/]+)/(?P<key>.*)")


def split_s3_uri(uri: str) -> tuple[str, str]:
    """Bucket and key of an ``s3://`` URI; ``ValueError`` if it is not one."""
    match = _CLOUD_RESOURCE.fullmatch(uri)
    if match is None:
        raise ValueError(f"not an S3 URI: {uri!r}; expected s3://bucket/key")
    return match["bucket"], match["key"]
