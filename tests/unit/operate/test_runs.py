"""Starting, watching, leaving and stopping a run."""

import getpass
import io
import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from unittest.mock import ANY

import boto3
import pytest
from botocore.stub import Stubber

from lakeshot.runs.keys import export_key
from lakeshot.runs.lock import Lock
from lakeshot.runs.records import RunRecord, RunState, RunTable
from lakeshot.runs.snapshots import Snapshots
from lakeshot.steps.failure import Failure
from operate import runs, watching
from operate.context import Context
from operate.errors import CommandError, UsageError
from operate.execution import Execution
from operate.flow import Step
from operate.observation import Observation
from tests.unit.conftest import NOON, RUN_TABLE
from tests.unit.operate.conftest import EXECUTION, RUN, ended

SNAPSHOT = "20261121T120000Z"
MACHINE = "arn:aws:states:us-east-1:123456789012:stateMachine:lakeshot-dev-export"


@pytest.fixture
def shown(monkeypatch: pytest.MonkeyPatch) -> list[Observation]:
    """What looking at a run shows, one look after the other; Ctrl-C once there is nothing more."""
    looks: list[Observation] = []
    left: Iterator[Observation] = iter(looks)

    def observe(execution: Execution, now: object) -> Observation:
        found = next(left, None)
        if found is None:
            raise KeyboardInterrupt
        return found

    monkeypatch.setattr(Execution, "observe", observe)
    return looks


def executions() -> list[dict[str, object]]:
    states = boto3.client("stepfunctions")
    found = states.list_executions(stateMachineArn=MACHINE)["executions"]
    return [dict(states.describe_execution(executionArn=one["executionArn"])) for one in found]


@pytest.mark.usefixtures("stage")
def test_a_run_is_started_with_the_deployed_payload(context: Context, shown: list[Observation]) -> None:
    """Its name tells export and start; its input is what the schedule would send."""
    runs.run(context, "reviews", {}, as_json=False)
    [execution] = executions()
    name = str(execution["name"])
    assert name.startswith("reviews-20261121T120000Z-")
    assert len(name) == 29
    assert json.loads(str(execution["input"])) == {
        "export": "reviews",
        "job": "lakeshot-dev-reviews",
        "crawler": "lakeshot-dev-reviews",
        "source_table": "Reviews",
        "read_percentage": 0.25,
        "destination": "s3://lakeshot-dev-123456789012-us-east-1/snapshots_reviews/",
        "format": "parquet",
    }


@pytest.mark.usefixtures("stage")
def test_overrides_change_the_payload_of_one_run(context: Context, shown: list[Observation]) -> None:
    """What is given on the command line replaces what is deployed, for this run."""
    runs.run(context, "reviews", {"read_percentage": 1.0, "workers": 5}, as_json=False)
    [execution] = executions()
    sent = json.loads(str(execution["input"]))
    assert (sent["read_percentage"], sent["workers"]) == (1.0, 5)


@pytest.mark.usefixtures("stage")
@pytest.mark.parametrize(
    ("override", "said"),
    [
        ({"read_percentage": 1.5}, "got 1.5; allowed: a number from 0.1 to 1.0"),
        ({"read_percentage": 0}, "got 0; allowed: a number from 0.1 to 1.0"),
        ({"read_percentage": "fast"}, "got 'fast'; allowed: a number from 0.1 to 1.0"),
        ({"workers": 1}, "'workers': got 1"),
    ],
)
def test_a_wrong_override_starts_nothing(context: Context, override: dict[str, object], said: str) -> None:
    """The error says what was given and what is allowed."""
    with pytest.raises(UsageError) as caught:
        runs.run(context, "reviews", override, as_json=False)
    assert said in str(caught.value)
    assert executions() == []


@pytest.mark.usefixtures("stage")
def test_an_export_that_is_not_deployed_is_told_with_those_that_are(context: Context) -> None:
    """A misspelt export finds the right one in the message."""
    with pytest.raises(CommandError, match=r"'review' is deployed; deployed are the exports: reviews;"):
        runs.run(context, "review", {}, as_json=False)


@pytest.mark.usefixtures("stage")
def test_leaving_a_run_tells_how_to_come_back(
    context: Context, shown: list[Observation], reading: Observation, messages: io.StringIO
) -> None:
    """Ctrl-C succeeds, leaves the run alone and names the commands to watch and to stop it."""
    shown.append(reading)
    assert runs.run(context, "reviews", {}, as_json=False) == 0
    [execution] = executions()
    assert execution["status"] == "RUNNING"
    assert f"make watch RUN={execution['name']}" in messages.getvalue()
    assert f"make stop-run RUN={execution['name']}" in messages.getvalue()


@pytest.mark.usefixtures("stage")
def test_a_watched_success_ends_with_json_when_asked(
    context: Context, shown: list[Observation], reading: Observation, results: io.StringIO
) -> None:
    """The only line of standard output is one JSON object with the record."""
    runs.start(context, "reviews", {})
    run = str(executions()[0]["name"])
    shown += [reading, ended(reading, RunState.SUCCEEDED, rows=50_001)]
    assert runs.watch(context, run, as_json=True) == 0
    [line] = results.getvalue().splitlines()
    document = json.loads(line)
    assert (document["run"], document["state"], document["record"]["rows"]) == (run, "SUCCEEDED", 50_001)


@pytest.mark.usefixtures("stage")
def test_a_failed_run_fails_the_command(
    context: Context, shown: list[Observation], reading: Observation, messages: io.StringIO
) -> None:
    """Exit code 1, with the cause."""
    failure = Failure(cause="SourceError: gone", next_step="Correct it.")
    shown.append(replace(ended(reading, RunState.FAILED), ended_at=NOON, failure=failure))
    assert runs.run(context, "reviews", {}, as_json=False) == 1
    assert "cause       SourceError: gone" in messages.getvalue()


@pytest.mark.usefixtures("stage")
def test_an_unknown_run_is_told(context: Context) -> None:
    """A run id that names no execution is an error that says where ids come from."""
    with pytest.raises(CommandError, match=r"there is no run 'nonsense'.*make status"):
        runs.watch(context, "nonsense", as_json=False)


@pytest.mark.usefixtures("stage")
def test_stopping_aborts_the_execution_and_waits_until_it_is_closed(
    context: Context, shown: list[Observation], reading: Observation, messages: io.StringIO
) -> None:
    """The execution is aborted in somebody's name; the command ends when the record says so too."""
    runs.start(context, "reviews", {})
    run = str(executions()[0]["name"])
    failure = Failure(cause="the run was stopped: stopped by anna", next_step="Run again.")
    aborted = replace(reading, state=RunState.ABORTED, ended_at=NOON, failure=failure)
    being_closed = ended(aborted, RunState.ABORTED, error=None)
    shown += [reading, reading, aborted, being_closed, ended(aborted, RunState.ABORTED)]
    assert runs.stop_run(context, run) == 0
    assert context.clock.now() == NOON + timedelta(seconds=3)
    assert executions()[0]["status"] == "ABORTED"
    assert "was stopped after" in messages.getvalue()
    assert "cause       the run was stopped: stopped by anna" in messages.getvalue()


@pytest.mark.usefixtures("stage")
def test_a_run_is_stopped_in_the_persons_name_alone(
    context: Context, shown: list[Observation], reading: Observation, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What notices and run records keep does not tell the name of anybody's machine."""
    monkeypatch.setattr(getpass, "getuser", lambda: "anna")
    named: list[str] = []
    monkeypatch.setattr(Execution, "stop", lambda _, by: named.append(by))
    runs.start(context, "reviews", {})
    failure = Failure(cause="the run was stopped: stopped by anna", next_step="Run again.")
    shown += [reading, replace(ended(reading, RunState.ABORTED), failure=failure)]
    assert runs.stop_run(context, str(executions()[0]["name"])) == 0
    assert named == ["anna"]


@pytest.mark.usefixtures("stage")
def test_a_run_that_is_never_closed_is_not_waited_for_forever(
    context: Context,
    reading: Observation,
    messages: io.StringIO,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """After three minutes the command says that the run is stopped but not closed, and fails."""
    runs.start(context, "reviews", {})
    looks = iter([reading])
    monkeypatch.setattr(
        Execution, "observe", lambda _, now: next(looks, replace(reading, at=now, state=RunState.ABORTED))
    )
    assert runs.stop_run(context, str(executions()[0]["name"])) == 1
    assert context.clock.now() == NOON + watching.CLOSING
    assert "stopped but not closed yet" in messages.getvalue()


@pytest.mark.usefixtures("stage")
def test_a_run_that_is_over_is_not_stopped_again(
    context: Context, shown: list[Observation], reading: Observation, messages: io.StringIO
) -> None:
    """Stopping what has ended changes nothing and says how it ended."""
    runs.start(context, "reviews", {})
    shown.append(replace(reading, state=RunState.SUCCEEDED, ended_at=NOON + timedelta(seconds=42)))
    assert runs.stop_run(context, str(executions()[0]["name"])) == 0
    assert "it ended SUCCEEDED at 2026-11-21 12:00:42 UTC" in messages.getvalue()


@pytest.fixture
def execution(context: Context, stage: None) -> Execution:
    """The run RUN of ``reviews``, which Step Functions need not know."""
    [deployment] = context.deployments()
    target = deployment.target("reviews")
    assert target is not None
    return Execution(deployment, target, RUN)


def start_record(execution: Execution, export: str, **fields: object) -> None:
    """Write the record that the plan step writes for one export of a run."""
    RunTable(execution.clients.tables, RUN_TABLE).start(
        RunRecord.model_validate(
            {
                "run": execution.run,
                "export": export,
                "execution_arn": execution.arn,
                "state": RunState.RUNNING,
                "step": "plan",
                "started_at": NOON,
                **fields,
            }
        )
    )


def test_a_look_joins_execution_history_and_record(execution: Execution) -> None:
    """State from the execution, step from its history, progress from the run table."""
    assert execution.arn == EXECUTION
    execution.clients.executions.start_execution(
        stateMachineArn=MACHINE, name=RUN, input='{"export": "reviews"}'
    )
    start_record(execution, "reviews", rows_done=5)
    running = execution.observe(NOON)
    assert (running.state, running.step, running.closed) == (RunState.RUNNING, Step.PLAN, False)
    [member] = running.members
    assert member.record == running.record
    assert member.record is not None
    assert member.record.rows_done == 5
    execution.stop("anna")
    stopped = execution.observe(NOON)
    assert (stopped.state, stopped.ended, stopped.closed) == (RunState.ABORTED, True, False)
    assert stopped.failure is not None
    assert stopped.failure.cause.startswith("the run was stopped")


def test_the_job_run_is_found_by_the_run_it_was_started_for(execution: Execution) -> None:
    """Also of a run that failed before it could report, its job's log can be linked."""
    [deployed] = execution.target.members
    assert execution.job_run_id(deployed) is None
    jobs = boto3.client("glue")
    jobs.create_job(
        Name="lakeshot-dev-reviews",
        Role="role",
        Command={"Name": "glueetl"},
        ExecutionProperty={"MaxConcurrentRuns": 2},
    )
    jobs.start_job_run(JobName="lakeshot-dev-reviews", Arguments={"--run": "another"})
    assert execution.job_run_id(deployed) is None
    own = jobs.start_job_run(JobName="lakeshot-dev-reviews", Arguments={"--run": RUN})["JobRunId"]
    assert execution.job_run_id(deployed) == own


@pytest.fixture
def redriven(execution: Execution, monkeypatch: pytest.MonkeyPatch) -> Iterator[Stubber]:
    """What Step Functions answers to a redrive of RUN is for the test to say."""
    monkeypatch.setattr(Execution, "find", classmethod(lambda *_: execution))
    monkeypatch.setattr(Execution, "_newest_events", lambda _: [])
    with Stubber(execution.clients.executions) as stub:
        yield stub
        stub.assert_no_pending_responses()


@pytest.fixture
def has_failed(shown: list[Observation], reading: Observation) -> None:
    """The run is over and closed when it is looked at."""
    shown.append(ended(reading, RunState.FAILED))


def test_a_redriven_run_is_watched_to_its_end(
    context: Context,
    redriven: Stubber,
    shown: list[Observation],
    reading: Observation,
    messages: io.StringIO,
) -> None:
    """It goes on at the step where it ended."""
    redriven.add_response(
        "redrive_execution", {"redriveDate": NOON}, {"executionArn": EXECUTION, "clientToken": ANY}
    )
    failed = replace(ended(reading, RunState.FAILED), failure=Failure(cause="x", next_step="y"))
    shown += [failed, reading, ended(reading, RunState.SUCCEEDED)]
    assert runs.redrive(context, RUN, as_json=False) == 0
    assert f"Redriving run {RUN} of export 'reviews', from the step 'read'." in messages.getvalue()
    assert f"Run {RUN} succeeded" in messages.getvalue()


@pytest.mark.parametrize(
    ("reason", "said"),
    [
        ("Execution is SUCCEEDED and cannot be redriven", "it succeeded, so there is nothing left to do."),
        ("Execution redrivable period exceeded", "it ended more than 14 days ago."),
        ("Execution history event limit exceeded", "its history is full (25,000 events)."),
        ("Execution has exceeded the max execution time", "it was started more than a year ago."),
        ("State machine is in DELETING status", "the stage's state machine is being deleted."),
        ("Something new.", "Step Functions says: Something new."),
    ],
)
def test_a_refused_redrive_says_why_and_what_instead(
    context: Context, redriven: Stubber, has_failed: None, reason: str, said: str
) -> None:
    """Reasons of Step Functions are told in plain words, unknown ones in its own."""
    redriven.add_client_error("redrive_execution", "ExecutionNotRedrivable")
    redriven.add_response(
        "describe_execution",
        {
            "executionArn": EXECUTION,
            "stateMachineArn": MACHINE,
            "status": "FAILED",
            "startDate": NOON,
            "redriveStatusReason": reason,
        },
    )
    with pytest.raises(CommandError) as caught:
        runs.redrive(context, RUN, as_json=False)
    assert str(caught.value) == (
        f"run {RUN} cannot be redriven: {said} Start a new run with: make run EXPORT=reviews"
    )


def test_a_run_whose_failure_was_caught_is_not_redriven(
    context: Context, redriven: Stubber, has_failed: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It would go on at the state that fails it, so Step Functions is not even asked."""
    history = [{"stateEnteredEventDetails": {"name": name}} for name in ("Failed", "Close", "Publish")]
    monkeypatch.setattr(Execution, "_newest_events", lambda _: history)
    with pytest.raises(CommandError, match="it would only fail again in the same way") as caught:
        runs.redrive(context, RUN, as_json=False)
    assert "make run EXPORT=reviews" in str(caught.value)


def test_a_redrive_beyond_the_accounts_limit_is_for_later(
    context: Context, redriven: Stubber, has_failed: None
) -> None:
    """Nothing is wrong with the run itself."""
    redriven.add_client_error("redrive_execution", "ExecutionLimitExceeded")
    with pytest.raises(CommandError, match="cannot be redriven now: the account has as many running"):
        runs.redrive(context, RUN, as_json=False)


def test_a_run_that_is_running_is_not_redriven(
    context: Context, redriven: Stubber, shown: list[Observation], reading: Observation
) -> None:
    """There is something to watch instead."""
    shown.append(reading)
    with pytest.raises(CommandError, match=f"still running; watch it with: make watch RUN={RUN}"):
        runs.redrive(context, RUN, as_json=False)


def test_a_run_that_is_being_closed_is_not_redriven_yet(
    context: Context, redriven: Stubber, shown: list[Observation], reading: Observation
) -> None:
    """Closing would take away under its feet what the redriven run needs; it tells the reason last."""
    shown.append(ended(reading, RunState.ABORTED, error=None))
    with pytest.raises(CommandError, match="still being closed; wait a minute"):
        runs.redrive(context, RUN, as_json=False)


def lock_of(execution: Execution) -> Lock:
    return Lock(execution.clients.tables, table=RUN_TABLE, partition=export_key("reviews"))


@pytest.fixture
def stopped(redriven: Stubber, shown: list[Observation], reading: Observation) -> None:
    """A run that was stopped and closed after it had settled its moment."""
    shown.append(ended(reading, RunState.ABORTED, snapshot=SNAPSHOT))


def snapshot_of(execution: Execution, run: str) -> Snapshots:
    """The snapshot is there, as that of a run."""
    snapshots = Snapshots(execution.clients.tables, table=RUN_TABLE, export="reviews")
    assert snapshots.claim(run=run, moment=NOON)
    return snapshots


@pytest.mark.usefixtures("stopped")
@pytest.mark.parametrize("found", ["nothing", "another run's", "a doomed one"])
def test_a_run_whose_files_were_removed_is_not_redriven(
    context: Context, execution: Execution, found: str
) -> None:
    """It would only find out by itself, and be closed once more; the way on is a new run."""
    if found == "another run's":
        snapshot_of(execution, "another")
    if found == "a doomed one":
        snapshots = snapshot_of(execution, RUN)
        fence, taking = lock_of(execution).taking(run=RUN, execution_arn=EXECUTION, now=NOON)
        execution.clients.tables.transact_write_items(TransactItems=[taking])
        snapshots.doom(SNAPSHOT, run=RUN, fence=fence)
    with pytest.raises(CommandError) as caught:
        runs.redrive(context, RUN, as_json=False)
    assert str(caught.value) == (
        f"run {RUN} cannot be redriven: snapshot {SNAPSHOT} of export 'reviews' was removed when the run was "
        "closed, or by retention since. Start a new run with: make run EXPORT=reviews"
    )


@pytest.fixture
def accepted(redriven: Stubber) -> None:
    """Step Functions redrives RUN."""
    redriven.add_response(
        "redrive_execution", {"redriveDate": NOON}, {"executionArn": EXECUTION, "clientToken": ANY}
    )


@pytest.mark.usefixtures("accepted")
@pytest.mark.parametrize("what", ["published", "a rollback", "without a moment"])
def test_what_closing_left_to_go_on_with_is_redriven(
    context: Context, execution: Execution, shown: list[Observation], reading: Observation, what: str
) -> None:
    """A snapshot that the view shows stays, one to roll back to is another run's, and a plan is made anew."""
    if what == "published":
        snapshot_of(execution, RUN)
    mode = "rollback" if what == "a rollback" else "export"
    snapshot = None if what == "without a moment" else SNAPSHOT
    stopped = ended(reading, RunState.ABORTED, snapshot=snapshot, mode=mode)
    failure = Failure(cause="x", next_step="y")
    shown += [replace(stopped, failure=failure), ended(reading, RunState.SUCCEEDED)]
    assert runs.redrive(context, RUN, as_json=False) == 0


def test_a_group_that_lacks_one_members_snapshot_is_not_redriven(
    context: Context, execution: Execution, redriven: Stubber, shown: list[Observation], together: Observation
) -> None:
    """Its own record has none; each member's counts."""
    snapshot_of(execution, RUN)
    reviews, orders = (
        replace(member, record=member.record.model_copy(update={"snapshot": SNAPSHOT}))
        for member in together.members
        if member.record is not None
    )
    closed = ended(together, RunState.ABORTED)
    shown.append(replace(closed, members=(reviews, orders)))
    with pytest.raises(CommandError, match=f"snapshot {SNAPSHOT} of export 'orders' was removed"):
        runs.redrive(context, RUN, as_json=False)


@pytest.mark.parametrize(
    ("state", "recorded", "error", "closed"),
    [
        (RunState.RUNNING, RunState.RUNNING, None, False),
        (RunState.SUCCEEDED, RunState.SUCCEEDED, None, True),
        (RunState.ABORTED, RunState.SUCCEEDED, None, True),
        (RunState.ABORTED, RunState.RUNNING, None, False),
        (RunState.ABORTED, RunState.ABORTED, None, False),
        (RunState.ABORTED, RunState.ABORTED, "the run was stopped", True),
    ],
)
def test_a_run_is_closed_when_its_record_gives_the_reason(
    reading: Observation, state: RunState, recorded: RunState, error: str | None, closed: bool
) -> None:
    """Closing writes the state first and the reason last."""
    seen = replace(ended(reading, recorded, error=error), state=state)
    assert seen.closed is closed


def test_a_run_that_ended_before_it_had_a_record_is_not_closed_yet(reading: Observation) -> None:
    """Closing writes one."""
    assert not replace(reading, state=RunState.ABORTED, record=None).closed
