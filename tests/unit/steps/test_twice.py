"""Steps whose function is invoked twice at once, as Lambda and a retry may do."""

import pytest
from botocore.exceptions import ClientError

from lakeshot.errors import LockLostError, VerificationError
from lakeshot.runs.plan import Plan
from lakeshot.runs.pointers import Pointer
from tests.unit.interleaving import just_before
from tests.unit.stage import DAY_1, DAY_2, Stage


def ready(stage: Stage) -> Plan:
    """A second run that has everything staged."""
    stage.succeed("run-1", 1)
    plan = stage.begin("run-2", 2)
    stage.make_ready(plan)
    return plan


def test_a_publication_that_another_invocation_has_done_is_done(stage: Stage) -> None:
    """The first was paused before it wrote the view and finds that it came too late to do anything."""
    plan = ready(stage)
    stage.lake.before_write = lambda: stage.publish(plan)
    stage.publish(plan)
    assert (stage.shown[0], stage.pointers.of("reviews")) == (DAY_2, Pointer(snapshot=DAY_2))
    assert stage.lake.staging == {}


def test_a_verification_done_again_after_the_publication_leaves_no_view_behind(stage: Stage) -> None:
    """Nobody would take away what it staged: publishing has done so already."""
    plan = ready(stage)
    stage.publish(plan)
    stage.verify(plan)
    assert (stage.shown[0], stage.lake.staging) == (DAY_2, {})


def test_a_publication_done_again_later_does_not_disturb_the_steps_that_follow(stage: Stage) -> None:
    """They go on under the number they entered with."""
    plan = ready(stage)
    stage.publish(plan)
    following = stage.enter(plan)
    stage.publish(plan)
    following.check()


def test_a_publication_that_another_invocation_has_put_back_stays_put_back(stage: Stage) -> None:
    """The first was paused meanwhile; it must not move a view of which it cannot tell what it was before."""
    plan = ready(stage)

    def fail_meanwhile() -> None:
        stage.lake.rows_off_by = 1
        with pytest.raises(VerificationError):
            stage.publish(plan)
        stage.lake.rows_off_by = 0

    stage.lake.before_write = fail_meanwhile
    with pytest.raises(LockLostError):
        stage.publish(plan)
    assert (stage.shown[0], stage.pointers.of("reviews")) == (DAY_1, Pointer(snapshot=DAY_1))
    stage.close("run-2", cause="too late")
    assert (stage.shown[0], stage.lake.shown_rows()) == (DAY_1, 2)


def test_a_confirmation_whose_answer_was_lost_counts(stage: Stage) -> None:
    """What the pointer says decides, not whether somebody heard of it."""
    plan = ready(stage)
    confirm = stage.dynamodb.transact_write_items

    def act_without_an_answer(**given: object) -> None:
        confirm(**given)  # type: ignore[arg-type]
        raise ClientError({"Error": {"Code": "InternalServerError", "Message": "?"}}, "TransactWriteItems")

    with just_before(
        stage.lake,
        "shown_rows",
        lambda: setattr(stage.dynamodb, "transact_write_items", act_without_an_answer),
    ):
        try:
            stage.publish(plan)
        finally:
            del stage.dynamodb.transact_write_items
    assert (stage.shown[0], stage.pointers.of("reviews")) == (DAY_2, Pointer(snapshot=DAY_2))


def test_a_report_that_another_invocation_has_made_is_made(stage: Stage) -> None:
    """Its transaction fails because the lock is released already."""
    plan = ready(stage)
    stage.publish(plan)
    with just_before(stage.dynamodb, "transact_write_items", lambda: stage.report(plan)):
        stage.report(plan)
    assert stage.record("run-2").state == "SUCCEEDED"
