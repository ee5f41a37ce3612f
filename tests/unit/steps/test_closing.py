"""A run that did not succeed: nothing of it stays, and somebody is told."""

import json

import pytest
from botocore.exceptions import ClientError

from lakeshot.errors import LockLostError, RunClosingError
from lakeshot.names import run_token
from lakeshot.runs.plan import Plan
from lakeshot.runs.records import RunRecord, RunState, expiry
from lakeshot.steps.closing import undeployed_notice
from lakeshot.steps.messages import ExecutionEnd
from tests.unit.conftest import BUCKET, NOON
from tests.unit.interleaving import just_before
from tests.unit.stage import ARN, DAY_1, DAY_2, MEMBERS, Stage


def committed(stage: Stage, run: str = "run-2", day: int = 2) -> Plan:
    plan = stage.begin(run, day)
    stage.commit(plan)
    stage.catalogue(plan)
    return plan


def moved(stage: Stage, *plans: Plan) -> None:
    """The publishing function died after it had moved the views."""

    def die() -> None:
        raise SystemExit

    entered = len(plans) + (plans[0].group is not None)
    confirming = just_before(stage.dynamodb, "transact_write_items", die, call=entered + 2)
    with confirming, pytest.raises(SystemExit):
        stage.publish(*plans)


def upload(stage: Stage, plan: Plan) -> None:
    """A part that nobody is going to complete."""
    key = f"{plan.data_prefix}part-00001-0000-{run_token(plan.run)}.parquet"
    stage.s3.create_multipart_upload(
        Bucket=BUCKET, Key=key, ChecksumAlgorithm="CRC32", ChecksumType="FULL_OBJECT"
    )


def uploads(stage: Stage) -> int:
    return len(stage.s3.list_multipart_uploads(Bucket=BUCKET).get("Uploads", []))


# What is left behind.


def test_nothing_of_a_failed_run_stays(stage: Stage) -> None:
    """Files, uploads, partition, staged view and claim are gone; the old view stays, the lock is free."""
    stage.succeed("run-1", 1)
    plan = committed(stage)
    stage.verify(plan)
    upload(stage, plan)
    stage.close("run-2", cause="bad")
    assert all(DAY_1 in key for key in stage.data())
    assert uploads(stage) == 0
    assert (list(stage.lake.registered), stage.lake.staging, stage.known()) == ([DAY_1], {}, [DAY_1])
    assert (stage.shown[0], stage.published[0]) == (DAY_1, DAY_1)
    assert stage.lock().holder() is None


def test_a_runs_token_marks_its_files(stage: Stage) -> None:
    """Cleaning one run cannot remove another run's file of the same moment."""
    plan = stage.begin("run-1", 1)
    other = f"{plan.data_prefix}part-00000-0000-{run_token('somebody-else')}.parquet"
    stage.write(other)
    stage.close("run-1", cause="boom")
    assert stage.data() == [other]


def test_a_snapshot_is_taken_out_of_every_table_it_may_be_in(stage: Stage) -> None:
    """A crawler adds it to the first one, whatever generation it belongs to."""
    plan = committed(stage)
    stage.snapshots().placed(DAY_2, 3, run="run-2", fence=stage.enter(plan).fence)
    stage.lake.generations[DAY_2] = 2
    stage.close("run-2", cause="boom")
    assert stage.lake.registered == {}


def test_a_job_and_a_crawl_are_stopped_first(stage: Stage) -> None:
    """What still runs could write after the cleaning."""
    stage.deployed["reviews"] = stage.deployed["reviews"].model_copy(update={"catalog": "crawler"})
    stage.glue.start("lakeshot-dev-reviews", "run-1", "jr_1")
    stage.glue.start("lakeshot-dev-reviews", "another", "jr_2")
    stage.glue.crawlers["lakeshot-dev-reviews"] = {"State": "RUNNING"}
    stage.begin("run-1", 1)
    stage.close("run-1", cause="boom")
    assert stage.glue.stopped == ["jr_1", "lakeshot-dev-reviews"]


def test_an_export_without_a_crawler_is_asked_for_none(stage: Stage) -> None:
    """Somebody may have a crawler of that name of their own."""
    stage.glue.crawlers["lakeshot-dev-reviews"] = {"State": "RUNNING"}
    stage.begin("run-1", 1)
    stage.close("run-1", cause="boom")
    assert stage.glue.stopped == []


def test_nothing_is_removed_while_a_job_does_not_stop(stage: Stage) -> None:
    """The next close tries again, under the same number."""
    stage.glue.obeys = False
    plan = committed(stage)
    stage.glue.start("lakeshot-dev-reviews", "run-2", "jr_1")
    with pytest.raises(RunClosingError):
        stage.close("run-2", cause="boom")
    assert (len(stage.data()), stage.known(), stage.notices) == (1, [DAY_2], [])
    fence = stage.lock().last_fence()
    stage.glue.obeys = True
    stage.close("run-2", cause="boom")
    assert (stage.data(), stage.known(), stage.lock().last_fence()) == ([], [], fence)
    with pytest.raises(LockLostError):
        stage.enter(plan)


@pytest.mark.parametrize("is_committed", [True, False])
def test_changes_leave_nothing_either(is_committed: bool, stage: Stage) -> None:
    """Whether they were committed or only claimed, their files are among the changes."""
    stage.deployed["reviews"] = stage.deployed["reviews"].model_copy(update={"kind": "changes"})
    stage.succeed("run-1", 1)
    whole = stage.data()
    plan = stage.begin("run-2", 2, follows=DAY_1)
    if is_committed:
        stage.commit(plan)
        stage.catalogue(plan)
    else:
        stage.write(f"{plan.data_prefix}part-00000-0000-{run_token('run-2')}.parquet")
    assert [key for key in stage.data() if key not in whole] == [
        f"snapshots_reviews__changes/snapshot_timestamp={DAY_2}/part-00000-0000-{run_token('run-2')}.parquet"
    ]
    stage.close("run-2", cause="boom")
    assert (stage.data(), stage.known(), list(stage.lake.registered)) == (whole, [DAY_1], [DAY_1])


def test_a_late_step_finds_itself_fenced_off(stage: Stage) -> None:
    """It went on working while its run was closed."""
    plan = committed(stage)
    run = stage.enter(plan)
    stage.close("run-2", cause="boom")
    with pytest.raises(LockLostError):
        run.snapshots.verified(DAY_2, rows_shown=2, run="run-2", fence=run.fence)
    assert stage.known() == []


def test_a_run_that_was_refused_leaves_the_lock_and_the_files_to_the_holder(stage: Stage) -> None:
    """The second of two runs ends without touching the first."""
    plan = committed(stage, "run-1", 1)
    stage.runs.start(
        RunRecord(
            run="run-2",
            export="reviews",
            execution_arn=ARN.format("run-2"),
            state=RunState.RUNNING,
            step="plan",
            started_at=NOON,
        )
    )
    stage.close("run-2", cause="refused")
    stage.lock().check(run="run-1", fence=stage.enter(plan).fence)
    assert (len(stage.data()), stage.known()) == (1, [DAY_1])
    assert stage.record("run-2").state is RunState.FAILED


def test_a_close_that_comes_late_removes_nothing(stage: Stage) -> None:
    """The run was closed before, and another one is at work."""
    committed(stage, "run-1", 1)
    stage.close("run-1", cause="boom")
    plan = committed(stage)
    stage.close("run-1", cause="boom")
    assert (len(stage.data()), stage.known()) == (1, [DAY_2])
    stage.lock().check(run="run-2", fence=stage.enter(plan).fence)


# What was being published.


def test_a_publication_that_was_left_half_done_is_taken_back(stage: Stage) -> None:
    """The function died with the view moved: what was shown before is, and nothing of this run stays."""
    stage.succeed("run-1", 1)
    plan = stage.begin("run-2", 2)
    stage.make_ready(plan)
    moved(stage, plan)
    assert stage.shown[0] == DAY_2
    stage.close("run-2", cause="Lambda timed out")
    assert (stage.shown[0], stage.published[0]) == (DAY_1, DAY_1)
    assert stage.pointers.of("reviews").next is None
    assert all(DAY_1 in key for key in stage.data())


def test_the_first_publication_is_taken_back_to_no_rows(stage: Stage) -> None:
    """As the export's stack had made the view."""
    plan = stage.begin("run-1", 1)
    stage.make_ready(plan)
    moved(stage, plan)
    stage.close("run-1", cause="Lambda timed out")
    assert stage.lake.shown() == stage.lake.stage_nothing()


def test_nothing_is_removed_while_the_view_cannot_be_moved_back(stage: Stage) -> None:
    """Readers would find a view of files that are gone; the next close tries again."""
    stage.succeed("run-1", 1)
    plan = stage.begin("run-2", 2)
    stage.make_ready(plan)
    moved(stage, plan)
    stage.lake.refused.add(DAY_1)
    with pytest.raises(ClientError, match="slow down"):
        stage.close("run-2", cause="Lambda timed out")
    assert (len(stage.data()), stage.notices) == (2, [])
    stage.lake.refused.clear()
    stage.close("run-2", cause="Lambda timed out")
    assert (stage.shown[0], len(stage.data()), len(stage.notices)) == (DAY_1, 1, 1)


def test_what_was_published_stays(stage: Stage) -> None:
    """A run that failed while it reported has still published a verified snapshot, and the notice says so."""
    plan = stage.begin("run-1", 1)
    stage.make_ready(plan)
    stage.publish(plan)
    stage.runs.update("reviews", "run-1", snapshot=plan.snapshot)
    stage.close("run-1", cause="report failed")
    assert (stage.shown[0], stage.published[0], len(stage.data())) == (DAY_1, DAY_1, 1)
    [(_, text)] = stage.notices
    assert f"shows this run's own snapshot {DAY_1}, verified and published before." in text


def test_a_rollback_that_failed_leaves_the_snapshot_it_was_to_show(stage: Stage) -> None:
    """Another run wrote it."""
    stage.succeed("run-1", 1)
    stage.succeed("run-2", 2)
    plan = stage.begin("run-3", 1, rollback=True)
    stage.catalogue(plan)
    stage.verify(plan)
    stage.runs.update("reviews", "run-3", snapshot=DAY_1, mode="rollback")
    stage.close("run-3", cause="boom")
    assert (stage.known(), len(stage.data()), stage.shown[0]) == ([DAY_2, DAY_1], 2, DAY_2)
    [(_, text)] = stage.notices
    assert f"The view 'reviews' still shows snapshot {DAY_2}." in text


# What is told.


def test_it_is_recorded_and_told_why_what_is_safe_and_what_to_do(stage: Stage) -> None:
    """Subject, cause, state of the view, next step."""
    stage.succeed("run-1", 1)
    stage.begin("run-2", 2)
    cause = {"JobRunState": "FAILED", "ErrorMessage": "SourceError: table 'Reviews' is gone"}
    stage.close("run-2", cause=json.dumps(cause))
    record = stage.record("run-2")
    assert (record.state, record.error) == (RunState.FAILED, "SourceError: table 'Reviews' is gone")
    assert (
        record.next_step
        == "Do what the cause says, such as correcting the source table or its name, then run again."
    )
    assert (record.finished_at, record.expires_at) == (NOON, expiry(NOON))
    [(subject, text)] = stage.notices
    assert subject == "Lakeshot: export reviews FAILED"
    assert text.splitlines() == [
        "Export reviews, run run-2: FAILED in step 'read'.",
        "Cause: SourceError: table 'Reviews' is gone",
        f"Still safe: The view 'reviews' still shows snapshot {DAY_1}. Nothing of this run is visible.",
        "Next step: Do what the cause says, such as correcting the source table or its name, then run again.",
        f"Execution: {ARN.format('run-2')}",
    ]


def test_before_anything_was_published_the_view_is_safe_too(stage: Stage) -> None:
    """It shows no rows, as before."""
    stage.begin("run-1", 1)
    stage.close("run-1", cause="boom")
    [(_, text)] = stage.notices
    assert "Still safe: The view 'reviews' shows no rows, as before: nothing was published yet." in text


def test_closing_twice_tells_once(stage: Stage) -> None:
    """The event comes after the state machine's own Catch."""
    stage.begin("run-1", 1)
    stage.close("run-1", cause="boom")
    stage.close("run-1", status="ABORTED", cause="another reason")
    assert len(stage.notices) == 1
    assert stage.record("run-1").state is RunState.FAILED


def test_a_run_that_was_redriven_and_failed_again_is_told_again(stage: Stage) -> None:
    """That is another end."""
    plan = stage.begin("run-1", 1)
    stage.close("run-1", cause="boom")
    stage.enter(plan, redrive=1)
    stage.close("run-1", redrive=1, cause="boom again")
    assert len(stage.notices) == 2
    assert (stage.record("run-1").error, stage.lock().holder()) == ("boom again", None)


def test_an_end_after_which_the_run_was_redriven_changes_nothing(stage: Stage) -> None:
    """Its event came late, or its closing was slow to begin."""
    plan = committed(stage)
    run = stage.enter(plan, redrive=1)
    stage.close("run-2", redrive=0, cause="boom")
    run.check()
    assert (stage.record("run-2").state, stage.known(), stage.notices) == (RunState.RUNNING, [DAY_2], [])


def test_a_run_that_is_redriven_as_it_is_being_ended_goes_on(stage: Stage) -> None:
    """The closing looked at the record before, and finds out when it writes."""
    plan = committed(stage)
    redriven = just_before(stage.dynamodb, "transact_write_items", lambda: stage.enter(plan, redrive=1))
    with redriven:
        stage.close("run-2", redrive=0, cause="boom")
    stage.enter(plan, redrive=1).check()
    assert (stage.record("run-2").state, stage.known(), stage.notices) == (RunState.RUNNING, [DAY_2], [])


@pytest.mark.parametrize(
    ("status", "state"), [("ABORTED", RunState.ABORTED), ("TIMED_OUT", RunState.TIMED_OUT)]
)
def test_the_end_is_recorded_as_what_it_was(status: str, state: RunState, stage: Stage) -> None:
    """In the words of Step Functions."""
    stage.begin("run-1", 1)
    stage.close("run-1", status=status, cause="by ana")
    assert stage.record("run-1").state is state
    assert stage.notices[0][0] == f"Lakeshot: export reviews {status}"


def test_a_run_that_never_got_a_record_is_told_and_recorded(stage: Stage) -> None:
    """Its payload could not even be read."""
    cause = {"errorType": "PayloadError", "errorMessage": "field 'job': missing"}
    stage.close("run-1", cause=json.dumps(cause))
    record = stage.record("run-1")
    assert (record.state, record.error) == (RunState.FAILED, "PayloadError: field 'job': missing")
    assert len(stage.notices) == 1


def test_a_notice_that_cannot_be_sent_is_sent_by_the_next_close(stage: Stage) -> None:
    """The record gives the reason, and the lock is free, only after somebody was told."""
    stage.begin("run-1", 1)
    stage.topic_is_broken = True
    with pytest.raises(ConnectionError):
        stage.close("run-1", cause="boom")
    assert (stage.record("run-1").state, stage.record("run-1").error) == (RunState.FAILED, None)
    assert stage.lock().holder() is not None
    stage.topic_is_broken = False
    stage.close("run-1", cause="boom")
    assert (len(stage.notices), stage.record("run-1").error) == (1, "boom")
    assert stage.lock().holder() is None


def test_an_execution_that_named_nothing_deployed_is_told_all_the_same() -> None:
    """Somebody pasted a wrong payload."""
    end = {"executionArn": ARN.format("x"), "status": "FAILED", "cause": "no export"}
    subject, text = undeployed_notice(ExecutionEnd.model_validate(end))
    assert subject == "Lakeshot: execution x FAILED"
    assert "Cause: no export" in text
    assert "Next step: " in text


# Groups.


def test_a_group_is_closed_as_one_with_one_notice(stage: Stage) -> None:
    """Every member's leftovers are gone, every record tells the end, every lock is free."""
    stage.succeed_together("run-1", 1)
    plans = stage.begin_group("run-2", 2)
    stage.commit(plans[0])
    stage.make_ready(plans[1])
    stage.close("run-2", group=True, cause="boom")
    assert all(DAY_1 in key for key in stage.data())
    for name in (*MEMBERS, "nightly"):
        assert stage.lock(name).holder() is None
        assert stage.record("run-2", name).state is RunState.FAILED
    assert [stage.known(export) for export in MEMBERS] == [[DAY_1], [DAY_1]]
    assert [stage.lakes[export].staging for export in MEMBERS] == [{}, {}]
    [(subject, text)] = stage.notices
    assert subject == "Lakeshot: group nightly FAILED"
    assert text.splitlines()[0] == "Group nightly, run run-2: FAILED in step 'read'."
    assert [f"The view '{export}' still shows snapshot {DAY_1}." in text for export in MEMBERS] == [True] * 2


def test_a_notice_names_every_step_in_which_a_member_was(stage: Stage) -> None:
    """One may have failed while another one still read."""
    stage.begin_group("run-1", 1)
    stage.runs.update("orders", "run-1", step="catalog")
    stage.close("run-1", group=True, cause="boom")
    assert "FAILED in step 'read', 'catalog'." in stage.notices[0][1]


def test_a_groups_publication_that_was_left_half_done_is_taken_back(stage: Stage) -> None:
    """All members' views and the group's own show what they showed before."""
    stage.succeed_together("run-1", 1)
    before = stage.group_view.shown()
    plans = stage.begin_group("run-2", 2)
    for plan in plans:
        stage.make_ready(plan)
    moved(stage, *plans)
    assert stage.shown == [DAY_2, DAY_2]
    assert stage.group_view.shown() != before
    stage.close("run-2", group=True, cause="Lambda timed out")
    assert (stage.shown, stage.published) == ([DAY_1, DAY_1], [DAY_1, DAY_1])
    assert stage.group_view.shown() == before
    assert stage.group_view.staged("run-2") is None


def test_a_member_that_another_run_holds_is_left_alone(stage: Stage) -> None:
    """The group was refused because somebody runs a member by itself."""
    plan = committed(stage, "alone", 1)
    stage.groups.start(
        stage.record("alone").model_copy(
            update={"run": "together", "export": "nightly", "group": "nightly", "members": MEMBERS}
        )
    )
    stage.begin("together", 2, "orders")
    stage.close("together", group=True, cause="LockHeldError: reviews is being run")
    assert (stage.known("reviews"), stage.known("orders")) == ([DAY_1], [])
    stage.lock("reviews").check(run="alone", fence=stage.enter(plan).fence)
    assert stage.lock("orders").holder() is None
    assert stage.record("alone").state is RunState.RUNNING
    assert stage.record("together", "nightly").state is RunState.FAILED


def test_closing_a_group_twice_tells_once(stage: Stage) -> None:
    """As with one export."""
    stage.begin_group("run-1", 1)
    stage.close("run-1", group=True, cause="boom")
    stage.close("run-1", group=True, cause="boom")
    assert len(stage.notices) == 1
