"""What helper functions do with the services of their stage."""

import json
from collections.abc import Callable

import pytest

from lakeshot.errors import LockLostError
from lakeshot.runs.lock import Holder
from lakeshot.runs.plan import plan_uri
from lakeshot.steps.messages import CloseInput
from lakeshot.steps.services import Services
from tests.unit.conftest import NOON
from tests.unit.services import ENVIRONMENT, Session, services_of
from tests.unit.stage import ARN, GROUP, Stage

HOLDER = Holder(run="run-1", execution_arn=ARN.format("run-1"), fence=1, acquired_at=NOON)


@pytest.fixture
def session(stage: Stage) -> Session:
    return Session(stage)


@pytest.fixture
def services(session: Session) -> Services:
    return services_of(session)


def test_clients_are_made_once(services: Services) -> None:
    """A function that is invoked again connects no more."""
    assert services.s3 is services.s3
    assert services.liveness is services.liveness


def test_a_notice_goes_to_the_stages_topic(services: Services, session: Session) -> None:
    """SNS takes subjects of fewer than 100 ASCII characters."""
    services.notify("Lakeshot: export übersicht " + "x" * 100, "text — as it is")
    assert session.topic.sent == [
        {
            "TopicArn": ENVIRONMENT.topic_arn,
            "Subject": ("Lakeshot: export ?bersicht " + "x" * 100)[:99],
            "Message": "text — as it is",
        }
    ]


def test_an_ended_run_is_closed_by_the_event_it_would_have_sent(
    stage: Stage, services: Services, session: Session
) -> None:
    """Nobody waits for it."""
    stage.executions.ends["run-1"] = {"status": "TIMED_OUT", "input": '{"export": "reviews"}'}
    assert services.have_closed(HOLDER, "export#reviews")
    (asked,) = session.invocations.asked
    assert (asked["FunctionName"], asked["InvocationType"]) == ("lakeshot-dev-close", "Event")
    told = CloseInput.model_validate(json.loads(asked["Payload"]))
    assert (told.is_event, told.detail.run, told.detail.status, told.detail.export) == (
        True,
        "run-1",
        "TIMED_OUT",
        "reviews",
    )


def test_a_run_that_is_at_work_is_not_closed(services: Services, session: Session) -> None:
    """Whoever wanted its lock is told so."""
    assert not services.have_closed(HOLDER, "export#reviews")
    assert session.invocations.asked == []


@pytest.mark.parametrize(
    ("partition", "began", "named"),
    [
        ("export#orders", lambda stage: stage.begin("run-1", 1, "orders"), {"export": "orders"}),
        ("export#orders", lambda stage: stage.begin_group("run-1", 1), {"group": "nightly"}),
        ("group#nightly", lambda stage: stage.begin_group("run-1", 1), {"group": "nightly"}),
        ("export#orders", lambda _: None, {"export": "orders"}),
    ],
    ids=["an export's", "a member's", "a group's", "one whose record expired"],
)
def test_what_a_forgotten_execution_ran_is_told_from_its_lock_and_its_record(
    partition: str,
    began: Callable[[Stage], object],
    named: dict[str, str],
    stage: Stage,
    session: Session,
) -> None:
    """Step Functions keeps executions for 90 days; a lock is kept until it is released."""
    began(stage)
    stage.executions.forgotten.add("run-1")
    assert services_of(session).have_closed(HOLDER, partition)
    told = CloseInput.model_validate(json.loads(session.invocations.asked[0]["Payload"]))
    assert (told.is_event, told.detail.run, told.detail.status) == (True, "run-1", "FAILED")
    assert json.loads(str(told.detail.input)) == named


def test_a_run_is_entered_by_its_plan_and_a_groups_by_its_name(stage: Stage, services: Services) -> None:
    """Under the number that each of them holds."""
    plans = stage.begin_group("run-1", 1)
    run = services.enter(plan_uri(plans[1].deployed, "run-1"), 0)
    assert (run.plan, run.fence) == (plans[1], 1)
    assert services.enter_group(GROUP, "run-1", 0) == 1
    stage.lock("nightly").fence_off(run="run-1")
    with pytest.raises(LockLostError):
        services.enter_group(GROUP, "run-1", 0)
