"""Runs whose closing did not happen, or did not get through at once."""

import json
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from local.faults import Fault, Faults, Refusal
from tests.cloud.pipeline.attacks.functions import outcome
from tests.cloud.pipeline.attacks.processes import function_workers, kill
from tests.cloud.pipeline.attacks.standing import assert_sound, closed, standing
from tests.cloud.pipeline.pipeline import NAMES, Pipeline

pytestmark = pytest.mark.cloud

IDS = [f"{number:02d}" for number in range(10)]
CATALOGUED = Fault(
    service="glue",
    operation="BatchCreatePartition",
    role=NAMES.function("catalog"),
    about="unclosed",
    acted=True,
)
"""A run has files and a partition by then."""
UNCATALOGUING = Fault(
    service="glue", operation="BatchDeletePartition", role=NAMES.function("close"), about="unclosed"
)
BUSY = Refusal(code="OperationTimeoutException")


@contextmanager
def no_events(pipeline: Pipeline) -> Iterator[None]:
    """Ends of executions are told to nobody."""
    events = pipeline.client("events")
    events.disable_rule(Name=NAMES.function("close"))
    try:
        yield
    finally:
        events.enable_rule(Name=NAMES.function("close"))


@pytest.fixture(scope="module")
def shown(pipeline: Pipeline) -> str:
    """The snapshot that the export shows."""
    pipeline.make_table("Unclosed", [{"Id": {"S": one}} for one in IDS])
    return str(pipeline.record("unclosed", pipeline.succeed("unclosed")).snapshot)


def stopped(pipeline: Pipeline, faults: Faults) -> str:
    """A run that is stopped when its files and its partition are there."""
    with faults.planted(CATALOGUED) as paused:
        run = pipeline.start("unclosed")
        paused.hit()
        pipeline.stop(run, "stopped by a test")
    return run


def test_a_close_that_fails_once_is_tried_again(pipeline: Pipeline, shown: str, faults: Faults) -> None:
    """Glue is busy when the partition is to be removed; the second try removes it."""
    planted = faults.plant(UNCATALOGUING.model_copy(update={"refusal": BUSY}))
    run = stopped(pipeline, faults)
    closed(pipeline, "unclosed", run, status="ABORTED")
    assert len(planted.hits()) == 1
    assert_sound(pipeline, "unclosed", shown=shown, ids=IDS)


def test_a_close_killed_midway_is_finished_by_the_next(
    pipeline: Pipeline, shown: str, faults: Faults
) -> None:
    """Its process dies while it removes the partition."""
    planted = faults.plant(UNCATALOGUING)
    run = stopped(pipeline, faults)
    planted.hit()
    temporary = pipeline.account.instance.settings.directory / "tmp"
    workers = function_workers(temporary, NAMES.function("close"))
    assert workers
    for worker in workers:
        kill(worker)
    planted.remove()
    closed(pipeline, "unclosed", run, status="ABORTED")
    assert_sound(pipeline, "unclosed", shown=shown, ids=IDS)


def test_a_state_machine_whose_own_close_fails_is_closed_by_the_event(
    pipeline: Pipeline, shown: str, faults: Faults
) -> None:
    """The run fails by itself, its Catch cannot close it, and the event of its end does."""
    denied = Refusal(
        code="AccessDeniedException", message="not authorized to perform: glue:BatchCreatePartition"
    )
    faults.plant(CATALOGUED.model_copy(update={"refusal": denied}))
    planted = faults.plant(UNCATALOGUING.model_copy(update={"refusal": BUSY}))
    run = pipeline.start("unclosed")
    ended = closed(pipeline, "unclosed", run, status="FAILED")
    assert ended.error == "PermissionDeniedError"
    assert len(planted.hits()) == 1
    assert_sound(pipeline, "unclosed", shown=shown, ids=IDS)


def test_a_run_whose_close_never_came_is_closed_by_the_next_one(
    pipeline: Pipeline, shown: str, faults: Faults
) -> None:
    """It waits for that, and then goes on and publishes."""
    with no_events(pipeline):
        dead = stopped(pipeline, faults)
        pipeline.end(dead)
        before = standing(pipeline, "unclosed")
        assert before.holder is not None
        assert before.holder.run == dead
        assert len(before.partitions) == len(before.snapshots)
        following = pipeline.succeed("unclosed")
    closed(pipeline, "unclosed", dead, status="ABORTED")
    now = assert_sound(pipeline, "unclosed", shown=pipeline.record("unclosed", following).snapshot, ids=IDS)
    assert dead not in {snapshot.run for snapshot in now.snapshots}


def test_an_execution_that_times_out_is_closed(pipeline: Pipeline, shown: str, faults: Faults) -> None:
    """The state machine's own limit, set to seconds for this one run, runs no Catch."""
    before = standing(pipeline, "unclosed").shown
    planning = Fault(service="s3", operation="PutObject", role=NAMES.function("plan"), about="runs/unclosed")
    with faults.planted(planning) as paused:
        with time_limit(pipeline, seconds=4):
            run = pipeline.start("unclosed")
            paused.hit()
        closed(pipeline, "unclosed", run, status="TIMED_OUT")
        assert_sound(pipeline, "unclosed", shown=before, ids=IDS)
    assert outcome(pipeline, "plan", run) == "finished"
    assert_sound(pipeline, "unclosed", shown=before, ids=IDS)
    assert pipeline.record("unclosed", run).error == "the run took longer than its time limit allows"


@contextmanager
def time_limit(pipeline: Pipeline, *, seconds: int) -> Iterator[None]:
    """Executions that start meanwhile may take no longer than this."""
    states = pipeline.client("stepfunctions")
    machine = pipeline.arn("").replace(":execution:", ":stateMachine:").rstrip(":")
    deployed = states.describe_state_machine(stateMachineArn=machine)["definition"]
    limited = json.dumps(json.loads(deployed) | {"TimeoutSeconds": seconds})
    states.update_state_machine(stateMachineArn=machine, definition=limited)
    try:
        yield
    finally:
        states.update_state_machine(stateMachineArn=machine, definition=deployed)
