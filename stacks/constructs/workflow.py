"""The state machine of a stage."""

import json
from collections.abc import Mapping, Sequence

import aws_cdk as cdk
from aws_cdk import aws_logs as logs
from aws_cdk import aws_stepfunctions as sfn
from constructs import Construct

from stacks.constructs.acknowledgement import acknowledge
from stacks.constructs.arns import Arns
from stacks.constructs.flow import Invoked, definition
from stacks.constructs.function import StepFunction
from stacks.constructs.permissions import Permissions
from stacks.constructs.role import ServiceRole


class Workflow(Construct):
    """Runs every export of the stage; its role reaches nothing but what the states call.

    ``keys`` are what databases encrypt data files by.
    """

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        functions: Mapping[str, StepFunction],
        arns: Arns,
        keys: Sequence[str],
        role_suffix: str,
    ) -> None:
        super().__init__(scope, id_)
        name = arns.names.state_machine
        self._arns = arns
        self._role = ServiceRole(
            self, "Role", role_name=f"{name}{role_suffix}", service="states.amazonaws.com"
        )
        invoked = {
            step: Invoked(arn=function.function.function_arn, timeout_seconds=function.timeout_seconds)
            for step, function in functions.items()
        }
        self.state_machine = sfn.StateMachine(
            self,
            "StateMachine",
            state_machine_name=name,
            state_machine_type=sfn.StateMachineType.STANDARD,
            definition_body=sfn.DefinitionBody.from_string(
                json.dumps(definition(invoked, partition=cdk.Stack.of(self).partition))
            ),
            role=self._role,
            tracing_enabled=True,
            logs=sfn.LogOptions(
                destination=logs.LogGroup(
                    self,
                    "Logs",
                    log_group_name=f"/aws/vendedlogs/states/{name}",
                    retention=logs.RetentionDays.THREE_MONTHS,
                    removal_policy=cdk.RemovalPolicy.DESTROY,
                ),
                level=sfn.LogLevel.ALL,
                include_execution_data=False,
            ),
        )
        acknowledge(self._role, "IAM5[Resource::*]", "Log delivery's and X-Ray's actions know no resources.")
        self._role.allow("lambda:InvokeFunction", on=[one.arn for one in invoked.values()])
        self._allow_glue()
        Permissions(self._role, arns, keys).query("StopQueryExecution", tables="snapshots_*")

    def _allow_glue(self) -> None:
        every_export = (
            "The state machine serves every export of the stage; their jobs and crawlers carry this prefix."
        )
        own = f"{self._arns.names.prefix}-*"
        self._role.allow(
            "glue:BatchStopJobRun",
            "glue:GetJobRun",
            "glue:GetJobRuns",
            "glue:StartJobRun",
            on=[self._arns.job(own)],
            reason=every_export,
        )
        self._role.allow(
            "glue:GetCrawler", "glue:StartCrawler", on=[self._arns.crawler(own)], reason=every_export
        )
