"""What helper functions and the state machine are allowed, in the words of the pipeline.

They serve every export of the stage, so they are confined to Lakeshot's own bucket, run table,
database and names. What touches a source runs under that export's own role instead.
"""

from collections.abc import Sequence

from lakeshot.names import STAGED_VIEW
from stacks.constructs.arns import Arns
from stacks.constructs.file_keys import READ, use_file_keys
from stacks.constructs.role import ServiceRole

_EVERY_RUN = "Run files of all exports lie below this prefix, under keys that hold the run's id."
_EVERY_SNAPSHOT = "Data files of all exports lie below this prefix of Lakeshot's own bucket."
_EVERY_TABLE = "Tables and views are made by runs, in Lakeshot's own database, under the exports' names."
_EVERY_EXPORT = "The function serves every export of the stage; their resources carry this prefix."


class Permissions:
    """Grants one role its share of a stage; ``keys`` are what data files may be encrypted by."""

    def __init__(self, role: ServiceRole, arns: Arns, keys: Sequence[str]) -> None:
        self._role = role
        self._arns = arns
        self._keys = keys

    def use_run_table(self, *actions: str) -> None:
        """Read or change locks, records and pointers."""
        self._role.allow(*(f"dynamodb:{action}" for action in actions), on=[self._arns.run_table])

    def enter_runs(self, *actions: str) -> None:
        """Get into a run, taking its lock again after a redrive, and do more with the run table."""
        self.use_run_table("ConditionCheckItem", "GetItem", "PutItem", "UpdateItem", *actions)

    def read_deployed_exports(self) -> None:
        """Read what is deployed."""
        parameters = [self._arns.parameter("*"), self._arns.group_parameter("*")]
        self._role.allow("ssm:GetParameter", on=parameters, reason=_EVERY_EXPORT)

    def use_run_files(self, *actions: str) -> None:
        """Read or write plans and manifests; listing is what tells a missing file from a forbidden one."""
        self._role.allow(
            *(f"s3:{action}" for action in actions), on=[self._arns.objects("runs/")], reason=_EVERY_RUN
        )
        self._role.allow("s3:ListBucket", on=[self._arns.bucket])

    def use_data_files(self, *actions: str) -> None:
        """Read or remove data files."""
        self._role.allow(
            *(f"s3:{action}" for action in actions),
            on=[self._arns.objects("snapshots_")],
            reason=_EVERY_SNAPSHOT,
        )
        if "GetObject" in actions:
            use_file_keys(self._role, self._keys, READ, self._arns)

    def list_uploads(self) -> None:
        """See which multipart uploads were left unfinished."""
        self._role.allow("s3:ListBucketMultipartUploads", on=[self._arns.bucket])

    def change_snapshot_tables(self, *actions: str) -> None:
        """Register snapshots in, or remove them from, the tables of all snapshots and changes."""
        tables = self._arns.catalog("snapshots_*")
        self._role.allow(*(f"glue:{action}" for action in actions), on=tables, reason=_EVERY_TABLE)

    def query(self, *actions: str, tables: str = "*") -> None:
        """Run Athena queries in the stage's workgroup, over tables and views whose name fits a pattern.

        The actions are what the role does with a query beyond starting it and seeing it end.
        """
        self._role.allow(
            "athena:GetQueryExecution",
            "athena:StartQueryExecution",
            *(f"athena:{action}" for action in actions),
            on=[self._arns.workgroup],
        )
        self._role.allow("athena:GetDataCatalog", on=[self._arns.data_catalog])
        # Athena looks at the database "default", too, whichever a query names.
        self._role.allow("glue:GetDatabase", on=[*self._arns.catalog(), self._arns.default_database])
        self._role.allow(
            "glue:GetPartition",
            "glue:GetPartitions",
            "glue:BatchGetPartition",
            "glue:GetTable",
            "glue:GetTables",
            on=self._arns.catalog(tables),
            reason=_EVERY_TABLE,
        )
        self._role.allow("s3:GetBucketLocation", "s3:ListBucket", on=[self._arns.bucket])
        self.use_data_files("GetObject")
        self._role.allow(
            "s3:AbortMultipartUpload",
            "s3:GetObject",
            "s3:ListMultipartUploadParts",
            "s3:PutObject",
            on=[self._arns.objects("athena/")],
            reason="Athena names its results by query ids.",
        )

    def change_views(self, *actions: str) -> None:
        """Create, replace or drop views, which are tables to the catalog."""
        self._role.allow(
            *(f"glue:{action}" for action in actions), on=self._arns.catalog("*"), reason=_EVERY_TABLE
        )

    def stage_views(self, *actions: str) -> None:
        """Make or remove the views that runs make beside the real ones."""
        staged = self._arns.catalog(f"{STAGED_VIEW}*")
        self._role.allow(*(f"glue:{action}" for action in actions), on=staged, reason=_EVERY_TABLE)

    def use_jobs(self, *actions: str) -> None:
        """See or stop runs of the exports' Glue jobs."""
        jobs = self._arns.job(f"{self._arns.names.prefix}-*")
        self._role.allow(*(f"glue:{action}" for action in actions), on=[jobs], reason=_EVERY_EXPORT)

    def use_crawlers(self, *actions: str) -> None:
        """See or stop the exports' crawlers."""
        crawlers = self._arns.crawler(f"{self._arns.names.prefix}-*")
        self._role.allow(*(f"glue:{action}" for action in actions), on=[crawlers], reason=_EVERY_EXPORT)

    def watch_executions(self) -> None:
        """See whether another execution still lives."""
        self._role.allow(
            "states:DescribeExecution",
            on=[self._arns.executions],
            reason="Executions are named when they start.",
        )

    def act_as_exports(self) -> None:
        """Look at a source under its export's own role."""
        roles = self._arns.role(f"{self._arns.names.prefix}-*-job*")
        self._role.allow("sts:AssumeRole", on=[roles], reason=_EVERY_EXPORT)

    def notify(self, topic_arn: str) -> None:
        """Send notices."""
        self._role.allow("sns:Publish", on=[topic_arn])
