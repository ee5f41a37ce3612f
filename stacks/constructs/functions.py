"""The helper functions of a stage, each with no more than its step needs."""

from collections.abc import Mapping, Sequence

from constructs import Construct

from lakeshot.steps.environment import FunctionEnvironment
from stacks.constructs.arns import Arns
from stacks.constructs.function import FunctionCode, FunctionSize, StepFunction
from stacks.constructs.permissions import Permissions

_SIZES = {
    "plan": FunctionSize(minutes=2),
    "native_export": FunctionSize(minutes=2),
    "verify_files": FunctionSize(minutes=15, memory_mb=3008),
    "catalog": FunctionSize(minutes=10),
    "verify_readable": FunctionSize(minutes=10),
    "publish": FunctionSize(minutes=10),
    "retain": FunctionSize(minutes=15),
    "report": FunctionSize(minutes=1),
    "close": FunctionSize(minutes=15),
    "view": FunctionSize(minutes=5),
    "database_role": FunctionSize(minutes=15, memory_mb=512),
}
_OF_STACKS = ("view", "database_role")
"""What serves resources of stacks; the rest are steps of runs."""


class Functions(Construct):
    """One function per workflow step, and those that serve other stacks' own resources.

    ``keys`` are what databases encrypt data files by.
    """

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        environment: FunctionEnvironment,
        arns: Arns,
        keys: Sequence[str],
        role_suffix: str,
    ) -> None:
        super().__init__(scope, id_)
        code = FunctionCode(self, "Code")
        self.by_step = {
            step: StepFunction(
                self,
                "".join(word.capitalize() for word in step.split("_")),
                step=step,
                code=code,
                size=size,
                environment=environment,
                arns=arns,
                role_suffix=role_suffix,
            )
            for step, size in _SIZES.items()
        }
        self._arns, self._keys = arns, keys
        self._allow_run()
        self._allow_end(environment.topic_arn)

    @property
    def in_workflow(self) -> Mapping[str, StepFunction]:
        """The functions that the state machine calls."""
        return {step: function for step, function in self.by_step.items() if step not in _OF_STACKS}

    def _may(self, step: str) -> Permissions:
        return Permissions(self.by_step[step].role, self._arns, self._keys)

    def _allow_run(self) -> None:
        plan = self._may("plan")
        plan.enter_runs("DeleteItem", "Query")
        plan.read_deployed_exports()
        plan.use_run_files("GetObject", "PutObject")
        plan.watch_executions()
        plan.act_as_exports()
        close = self.by_step["close"].function.function_arn
        self.by_step["plan"].role.allow("lambda:InvokeFunction", on=[close])

        native_export = self._may("native_export")
        native_export.enter_runs()
        native_export.use_run_files("GetObject", "PutObject")
        native_export.act_as_exports()

        verify_files = self._may("verify_files")
        verify_files.enter_runs()
        verify_files.use_run_files("GetObject")
        verify_files.use_data_files("GetObject")

        catalog = self._may("catalog")
        catalog.enter_runs("Query")
        catalog.use_run_files("GetObject")
        catalog.use_crawlers("GetCrawler")
        catalog.change_snapshot_tables(
            "BatchCreatePartition",
            "BatchDeletePartition",
            "BatchUpdatePartition",
            "CreateTable",
            "GetPartitions",
            "GetTable",
            "UpdateTable",
        )

        verify_readable = self._may("verify_readable")
        verify_readable.enter_runs()
        verify_readable.use_run_files("GetObject")
        verify_readable.query("GetQueryResults", "GetWorkGroup")
        verify_readable.stage_views("CreateTable", "DeleteTable", "UpdateTable")

        publish = self._may("publish")
        publish.enter_runs()
        publish.use_run_files("GetObject", "PutObject")
        publish.query("GetQueryResults", "GetWorkGroup")
        publish.change_views("CreateTable", "UpdateTable")
        publish.stage_views("DeleteTable")

        retain = self._may("retain")
        retain.enter_runs("Query")
        retain.use_run_files("GetObject")
        retain.use_data_files("DeleteObject")
        retain.change_snapshot_tables("BatchDeletePartition", "GetPartitions")

        report = self._may("report")
        report.enter_runs()
        report.use_run_files("GetObject")
        report.use_jobs("GetJobRun")

    def _allow_end(self, topic_arn: str) -> None:
        close = self._may("close")
        close.enter_runs("Query")
        close.read_deployed_exports()
        close.watch_executions()
        close.use_jobs("BatchStopJobRun", "GetJobRuns")
        close.use_crawlers("GetCrawler", "StopCrawler")
        close.use_run_files("GetObject")
        close.use_data_files("AbortMultipartUpload", "DeleteObject")
        close.list_uploads()
        close.change_snapshot_tables("BatchDeletePartition", "GetPartitions")
        close.change_views("CreateTable", "GetTable", "UpdateTable")
        close.stage_views("DeleteTable")
        close.notify(topic_arn)

        view = self._may("view")
        view.read_deployed_exports()
        view.use_run_table("GetItem")
        view.use_run_files("GetObject")
        view.query("GetWorkGroup")
        view.change_views("CreateTable", "DeleteTable", "UpdateTable")
