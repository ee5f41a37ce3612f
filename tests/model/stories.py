"""Orders of calls in which something could go wrong, told from beginning to end."""

from tests.model.actors import Actor, Fault
from tests.model.executions import Execution
from tests.model.invariants import Invariants
from tests.model.world import EXPORTS, World, moment


class Story:
    """One export, or the group, whose readers are looked after at every call."""

    def __init__(self) -> None:
        self.world = World(retain=1)
        self.readers = Invariants(self.world, only_groups=False)

    def start(self, *, same_moment_as: Execution | None = None) -> Execution:
        payload = self.world.exports["left"].payload().model_dump(mode="json")
        at = same_moment_as.started_at if same_moment_as else moment(len(self.world.executions))
        return self.world.start(payload, at, "numbers")

    def start_group(self) -> Execution:
        self.readers = Invariants(self.world, only_groups=True)
        members = [self.world.exports[name] for name in EXPORTS]
        given = self.world.group.payload(members).model_dump(mode="json")
        return self.world.start(given, moment(len(self.world.executions)), "numbers")

    def closing(self, execution: Execution) -> Actor:
        return self.world.close(self.world.event(execution), "told by an event")

    def until(self, actor: Actor, call: str) -> None:
        """Let an actor go on until it is about to make a call, or to its end if it is refused before that."""
        while not actor.ended and call not in actor.next_call:
            self.step(actor)

    def finish(self, *actors: Actor) -> None:
        for actor in actors:
            while not actor.ended:
                self.step(actor)

    def until_state(self, execution: Execution, state: str) -> Actor:
        """Let an execution go on until it is in a state; who is at work there (first)."""
        while execution.is_running:
            slot, actor = next(iter(execution.at_work.items()))
            if execution.state_of(slot) == state:
                return actor
            self.finish(*execution.at_work.values())
        raise AssertionError(f"{execution.name} never is in {state}")

    def complete(self, execution: Execution) -> None:
        """Let an execution go on to its end."""
        while execution.is_running:
            self.finish(*execution.at_work.values())

    def step(self, actor: Actor) -> None:
        assert not actor.ended, actor.label
        self.world.step(actor, Fault.NONE)
        self.readers.check()

    def rest(self) -> None:
        """Everybody goes on to the end, and close is told of every end once more."""
        for _ in range(2):
            self.finish(*self.world.live)
            for execution in self.world.executions.values():
                if execution.status != "SUCCEEDED":
                    self.closing(execution)
        self.finish(*self.world.live)
        self.readers.check_at_rest()


def a_plan_that_takes_its_lock_while_it_is_closed(story: Story) -> None:
    """Close looked for the lock before the plan took it, and the plan claims its moment after that."""
    run = story.start()
    plan = run.at_work[-1]
    story.until(plan, "transact_write_items")
    story.world.abort(run, "ABORTED")
    close = story.closing(run)
    story.until(close, "published")
    story.until(plan, "s3.put_object")
    story.finish(close, plan)
    story.rest()


def a_close_that_wakes_up_after_a_redrive(story: Story) -> None:
    """Its run was closed before the redrive, so that has nothing to go on from; the next run is unharmed."""
    run = story.start()
    job = story.until_state(run, "ExportTable")
    story.until(job, "s3.create_multipart_upload")
    story.world.abort(run, "ABORTED")
    late, other = story.closing(run), story.closing(run)
    story.until(late, "s3.list_objects_v2")
    story.finish(other)
    story.world.redrive(run)
    story.complete(run)
    story.finish(late)
    assert (run.status, run.error) == ("FAILED", "RunGoneError")
    story.complete(after := story.start(same_moment_as=run))
    assert after.status == "SUCCEEDED"
    story.rest()


def a_verification_that_goes_on_after_its_run_was_closed(story: Story) -> None:
    """Stopping an execution does not stop its functions, and Athena takes longer than close."""
    _goes_on_after_close(story, "VerifyReadable", "athena.wait")


def a_catalog_step_that_goes_on_after_its_run_was_closed(story: Story) -> None:
    """It was about to register the snapshot, and close found nothing to remove."""
    _goes_on_after_close(story, "Catalog", "batch_create_partition")


def _goes_on_after_close(story: Story, state: str, call: str) -> None:
    run = story.start()
    step = story.until_state(run, state)
    story.until(step, call)
    story.world.abort(run, "ABORTED")
    story.finish(story.closing(run), step)
    story.rest()


def a_step_of_a_redrive_that_was_closed(story: Story) -> None:
    """The redriven execution is stopped, and closed, before its first step comes to enter the run."""
    run = story.start()
    story.world.abort(run, "ABORTED")
    story.world.redrive(run)
    plan = run.at_work[-1]
    story.world.abort(run, "ABORTED")
    story.finish(story.closing(run), plan)
    story.readers.check()
    story.rest()


def a_second_verification_that_comes_after_the_publication(story: Story) -> None:
    """An answer got lost, so the step was started again, and the run went on with the second invocation."""
    run = story.start()
    late = story.until_state(run, "VerifyReadable")
    story.world.retry(late)
    story.until_state(run, "Retain")
    story.finish(late)
    story.complete(run)
    story.rest()


def a_close_that_is_about_to_release_the_lock_when_the_run_is_redriven(story: Story) -> None:
    """An end is told twice, and the other close is done, so the lock is the redriven run's by now."""
    run = story.start()
    story.until(story.until_state(run, "Plan"), "s3.put_object")
    story.world.abort(run, "ABORTED")
    late, other = story.closing(run), story.closing(run)
    story.until(late, "update_item(export#left/lock)")
    story.step(late)
    story.until(late, "update_item(export#left/lock)")
    story.finish(other)
    story.world.redrive(run)
    story.until_state(run, "ExportTable")
    story.finish(late)
    story.complete(run)
    assert run.status == "SUCCEEDED"
    story.rest()


def a_close_of_an_end_after_which_the_run_was_redriven(story: Story) -> None:
    """It was told of the end before the redrive, and comes to the run table after it."""
    run = story.start()
    story.world.abort(run, "ABORTED")
    late = story.closing(run)
    story.until(late, "dynamodb")
    story.world.redrive(run)
    story.until_state(run, "VerifyReadable")
    story.finish(late)
    story.complete(run)
    assert run.status == "SUCCEEDED"
    story.rest()


def a_plan_that_claims_its_moment_after_it_was_closed(story: Story) -> None:
    """It had its lock already, so close found that, and no moment to give up; and then it dies."""
    run = story.start()
    plan = run.at_work[-1]
    story.until(plan, "Put export#left/snapshot")
    story.world.abort(run, "ABORTED")
    story.finish(story.closing(run))
    story.step(plan)
    story.world.kill(plan, retried=False)
    story.rest()


def a_member_that_comes_to_a_redrive_only_when_that_was_closed(story: Story) -> None:
    """Its job was about to start when the other member's had entered already, and failed."""
    run = story.start_group()
    story.until_state(run, "Plan")
    story.finish(run.at_work[-1])
    story.world.abort(run, "ABORTED")
    story.finish(story.closing(run))
    story.world.redrive(run)
    left, right = run.at_work.values()
    story.finish(left)
    story.world.abort(run, "ABORTED")
    story.finish(story.closing(run), right)
    story.rest()


def a_publication_that_begins_while_its_run_is_being_closed(story: Story) -> None:
    """Close is about to remove what it would show."""
    run = story.start()
    publish = story.until_state(run, "Publish")
    story.world.abort(run, "ABORTED")
    close = story.closing(run)
    story.until(close, "ConditionCheck export#left/published")
    story.until(publish, "Update export#left/published")
    story.step(close)
    story.finish(publish, close)
    story.rest()


def a_publication_that_was_stopped_when_the_view_was_moved(story: Story) -> None:
    """Nobody has confirmed it, and nobody will."""
    run = story.start()
    publish = story.until_state(run, "Publish")
    while story.world.athena.shown("left") is None:
        story.step(publish)
    story.world.abort(run, "ABORTED")
    story.world.kill(publish, retried=False)
    story.finish(story.closing(run))
    story.rest()


def a_publication_that_moves_the_view_after_it_was_closed(story: Story) -> None:
    """It was held up just before, and close has put the view back already."""
    run = story.start()
    publish = story.until_state(run, "Publish")
    story.until(publish, "update_table(left")
    story.world.abort(run, "ABORTED")
    story.finish(story.closing(run), publish)
    story.rest()


def a_publication_of_a_group_that_was_stopped_in_between(story: Story) -> None:
    """As soon as one member is confirmed, the other is, too."""
    run = story.start_group()
    publish = story.until_state(run, "Publish")
    while story.world.services.pointers.of("left").snapshot is None:
        story.step(publish)
    story.world.abort(run, "ABORTED")
    story.world.kill(publish, retried=False)
    story.finish(story.closing(run))
    story.rest()


STORIES = (
    a_publication_that_begins_while_its_run_is_being_closed,
    a_plan_that_takes_its_lock_while_it_is_closed,
    a_plan_that_claims_its_moment_after_it_was_closed,
    a_close_that_wakes_up_after_a_redrive,
    a_close_that_is_about_to_release_the_lock_when_the_run_is_redriven,
    a_close_of_an_end_after_which_the_run_was_redriven,
    a_verification_that_goes_on_after_its_run_was_closed,
    a_catalog_step_that_goes_on_after_its_run_was_closed,
    a_second_verification_that_comes_after_the_publication,
    a_publication_that_was_stopped_when_the_view_was_moved,
    a_publication_that_moves_the_view_after_it_was_closed,
    a_publication_of_a_group_that_was_stopped_in_between,
    a_step_of_a_redrive_that_was_closed,
    a_member_that_comes_to_a_redrive_only_when_that_was_closed,
)
