"""The helper functions of a stage, each with no more than its step needs."""

from collections.abc import Mapping

from constructs import Construct

from lakeshot.steps.environment import FunctionEnvironment
from stacks.constructs.arns import Arns
from stacks.constructs.function import FunctionCode, FunctionSize, StepFunction
from stacks.constructs.permissions import Permissions

_SIZES = {
    "plan": FunctionSize(minutes=2),
    "verify_files": FunctionSize(minutes=15, memory_mb=3008),
    "catalog": FunctionSize(minutes=2),
    "verify_readable": FunctionSize(minutes=10),
    "publish": FunctionSize(minutes=10),
    "retain": FunctionSize(minutes=15),
    "report": FunctionSize(minutes=1),
    "close": FunctionSize(minutes=15),
    "view": FunctionSize(minutes=5),
}


class Functions(Construct):
    """One function per workflow step, and ``view``, which serves the export stacks' own resource."""

    def __init__(
        self, scope: Construct, id_: str, *, environment: FunctionEnvironment, arns: Arns, role_suffix: str
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
        self._arns = arns
        self._allow_run()
        self._allow_end(environment.topic_arn)

    @property
    def in_workflow(self) -> Mapping[str, StepFunction]:
        """The functions that the state machine calls."""
        return {step: function for step, function in self.by_step.items() if step != "view"}

    def _may(self, step: str) -> Permissions:
        return Permissions(self.by_step[step].role, self._arns)

    def _allow_run(self) -> None:
        plan = self._may("plan")
        plan.read_deployed_exports()
        plan.use_run_table("GetItem", "PutItem", "UpdateItem")
        plan.use_run_files("PutObject")
        plan.watch_executions()
        plan.watch_jobs()
        plan.act_as_exports()

        verify_files = self._may("verify_files")
        verify_files.use_run_table("UpdateItem")
        verify_files.use_run_files("GetObject")
        verify_files.use_data_files("GetObject")

        catalog = self._may("catalog")
        catalog.use_run_table("GetItem", "UpdateItem")
        catalog.use_run_files("GetObject")
        catalog.change_snapshot_tables(
            "CreatePartition", "CreateTable", "GetTable", "UpdatePartition", "UpdateTable"
        )

        verify_readable = self._may("verify_readable")
        verify_readable.use_run_table("ConditionCheckItem", "GetItem", "PutItem", "UpdateItem")
        verify_readable.use_run_files("GetObject")
        verify_readable.query("GetQueryResults")

        publish = self._may("publish")
        publish.use_run_table("ConditionCheckItem", "DeleteItem", "GetItem", "PutItem", "Query", "UpdateItem")
        publish.use_run_files("GetObject")
        publish.query("GetQueryResults")
        publish.change_views("CreateTable", "UpdateTable")

        retain = self._may("retain")
        retain.use_run_table("DeleteItem", "GetItem", "Query", "UpdateItem")
        retain.use_run_files("GetObject")
        retain.use_data_files("DeleteObject")
        retain.change_snapshot_tables("DeletePartition")

        report = self._may("report")
        report.use_run_table("UpdateItem")
        report.use_run_files("GetObject")

    def _allow_end(self, topic_arn: str) -> None:
        close = self._may("close")
        close.read_deployed_exports()
        close.use_run_table("ConditionCheckItem", "DeleteItem", "GetItem", "PutItem", "Query", "UpdateItem")
        close.watch_executions()
        close.watch_jobs("BatchStopJobRun")
        close.use_run_files("GetObject")
        close.use_data_files("AbortMultipartUpload", "DeleteObject")
        close.list_uploads()
        close.change_snapshot_tables("DeletePartition")
        close.query("GetQueryResults")
        close.change_views("CreateTable", "UpdateTable")
        close.notify(topic_arn)

        view = self._may("view")
        view.read_deployed_exports()
        view.use_run_table("GetItem", "Query")
        view.use_run_files("GetObject")
        view.query("GetQueryResults")
        view.change_views("CreateTable", "DeleteTable", "UpdateTable")
