"""One helper function, with a role of its own."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import aws_cdk as cdk
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_logs as logs
from constructs import Construct

from lakeshot.steps.environment import FunctionEnvironment
from stacks.constructs.acknowledgement import acknowledge
from stacks.constructs.arns import Arns
from stacks.constructs.layers import RUNTIME, PublicLayers
from stacks.constructs.role import ServiceRole

REPOSITORY = Path(__file__).resolve().parents[2]
NOT_CODE = ["**/__pycache__", "**/*.pyc"]


@dataclass(frozen=True)
class FunctionSize:
    """How long a function may take, in minutes, and its memory in MB."""

    minutes: int
    memory_mb: int = 1024


class FunctionCode(Construct):
    """What all helper functions are made of: one file per step, our library, the public layers."""

    def __init__(self, scope: Construct, id_: str) -> None:
        super().__init__(scope, id_)
        self.handlers = lambda_.Code.from_asset(str(REPOSITORY / "lambdas"), exclude=NOT_CODE)
        library = lambda_.LayerVersion(
            self,
            "Library",
            code=lambda_.Code.from_asset(str(REPOSITORY / "core"), exclude=NOT_CODE),
            compatible_runtimes=[RUNTIME],
            description="lakeshot, the library",
        )
        self.layers: Sequence[lambda_.ILayerVersion] = [library, *PublicLayers(self, "Public").versions]


class StepFunction(Construct):
    """The function of one workflow step: the file ``lambdas/<step>.py``, run as ``handler``."""

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        step: str,
        code: FunctionCode,
        size: FunctionSize,
        environment: FunctionEnvironment,
        arns: Arns,
        role_suffix: str,
    ) -> None:
        super().__init__(scope, id_)
        name = environment.names.function(step)
        self.timeout_seconds = size.minutes * 60
        self.role = ServiceRole(
            self, "Role", role_name=f"{name}{role_suffix}", service="lambda.amazonaws.com"
        )
        group = logs.LogGroup(
            self,
            "Logs",
            log_group_name=f"/aws/lambda/{name}",
            retention=logs.RetentionDays.THREE_MONTHS,
            removal_policy=cdk.RemovalPolicy.DESTROY,
        )
        self.role.allow(
            "logs:CreateLogStream",
            "logs:PutLogEvents",
            on=[arns.logs(f"/aws/lambda/{name}:log-stream:*")],
            reason="Lambda names a new log stream for every instance of the function.",
        )
        acknowledge(self.role, "IAM5[Resource::*]", "X-Ray's write actions know no resources.")
        self.function = lambda_.Function(
            self,
            "Function",
            function_name=name,
            runtime=RUNTIME,
            architecture=lambda_.Architecture.X86_64,
            code=code.handlers,
            handler=f"{step}.handler",
            layers=code.layers,
            role=self.role,
            log_group=group,
            logging_format=lambda_.LoggingFormat.JSON,
            tracing=lambda_.Tracing.ACTIVE,
            timeout=cdk.Duration.minutes(size.minutes),
            memory_size=size.memory_mb,
            environment=dict(environment.variables()),
        )
