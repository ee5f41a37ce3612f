"""Helper functions as Lambda loads them, with the services of a stage in memory."""

from collections.abc import Callable, Iterator
from importlib import import_module
from threading import Thread
from types import ModuleType, SimpleNamespace
from typing import TYPE_CHECKING, Any, cast

import pytest

from lakeshot.runs.plan import Plan, plan_uri
from tests.unit.lambdas.cloudformation import CloudFormation
from tests.unit.services import (
    ENVIRONMENT,
    Session,
    group_view_opener,
    lake_opener,
    services_of,
)
from tests.unit.stage import Stage

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext

Invoke = Callable[[dict[str, Any]], Any]
CONTEXT = cast(
    "LambdaContext",
    SimpleNamespace(function_name="lakeshot-dev-step", aws_request_id="1", log_stream_name="a/log/stream"),
)


@pytest.fixture
def stage(monkeypatch: pytest.MonkeyPatch) -> Stage:
    """Two deployed exports and their group; nothing ran yet."""
    monkeypatch.setattr("lakeshot.steps.stopping._POLL_SECONDS", 0)
    stage = Stage()
    stage.deploy()
    return stage


@pytest.fixture
def session(stage: Stage) -> Session:
    """What the functions' clients are made of."""
    return Session(stage)


@pytest.fixture
def function(stage: Stage, session: Session, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], Invoke]:
    """Makes a step's function callable as Lambda calls it."""

    def load(step: str) -> Invoke:
        for name, value in ENVIRONMENT.variables().items():
            monkeypatch.setenv(name, value)
        monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
        module: ModuleType = import_module(f"lambdas.{step}")
        monkeypatch.setattr(module, "services", services_of(session))
        for place in (module, import_module("lakeshot.steps.opening_closer")):
            for opener, stand_in in (("open_lake", lake_opener), ("open_group_view", group_view_opener)):
                if hasattr(place, opener):
                    monkeypatch.setattr(place, opener, stand_in(stage))
        return lambda event: module.handler(event, CONTEXT)

    return load


def uri(plan: Plan) -> str:
    """Where a plan is, as the states pass it on."""
    return plan_uri(plan.deployed, plan.run)


@pytest.fixture
def cloudformation(monkeypatch: pytest.MonkeyPatch) -> Iterator[CloudFormation]:
    """What waits for a custom resource's answers."""
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    waiting = CloudFormation()
    thread = Thread(target=waiting.server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    yield waiting
    waiting.server.shutdown()
    waiting.server.server_close()
    thread.join()
