"""The services of a helper function, made of a stage in memory."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, cast

from lakeshot.config.deployed import Deployed, DeployedGroup
from lakeshot.lake import Lake
from lakeshot.lake.staged_view import StagedView
from lakeshot.steps.environment import FunctionEnvironment
from lakeshot.steps.services import Services
from tests.unit.steps.databases import RdsInMemory

if TYPE_CHECKING:
    import boto3

    from tests.unit.stage import Stage

ENVIRONMENT = FunctionEnvironment(stage="dev", topic_arn="arn:aws:sns:us-east-1:123456789012:notices")


class Topic:
    """SNS's topic, and what was sent to it."""

    def __init__(self) -> None:
        self.sent: list[dict[str, str]] = []

    def publish(self, **notice: str) -> None:
        self.sent.append(notice)


class Invocations:
    """Lambda, and what it was asked to invoke."""

    def __init__(self) -> None:
        self.asked: list[dict[str, Any]] = []

    def invoke(self, **asked: Any) -> None:
        self.asked.append(asked)


class Session:
    """Gives the stage's services in the place of boto3's clients."""

    def __init__(self, stage: "Stage") -> None:
        self.topic, self.invocations, self.rds = Topic(), Invocations(), RdsInMemory()
        self._clients = {
            "dynamodb": stage.dynamodb,
            "s3": stage.s3,
            "ssm": stage.ssm,
            "glue": stage.glue,
            "stepfunctions": stage.executions,
            "sns": self.topic,
            "lambda": self.invocations,
            "rds": self.rds,
        }

    def client(self, name: str) -> Any:
        return self._clients[name]


def services_of(session: Session) -> Services:
    return Services(session=cast("boto3.Session", session), environment=ENVIRONMENT)


def lake_opener(stage: "Stage") -> Callable[[Services, Deployed], Lake]:
    """In the place of ``open_lake``."""
    return lambda _, deployed: stage.lakes[deployed.export]


def group_view_opener(stage: "Stage") -> Callable[[Services, DeployedGroup], StagedView]:
    """In the place of ``open_group_view``."""
    return lambda *_: stage.view_of_group
