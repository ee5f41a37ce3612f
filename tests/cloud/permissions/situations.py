"""What the helper functions are there for, in every situation for which they have a permission."""

from collections.abc import Callable, Mapping
from datetime import timedelta

from lakeshot.errors import CommitError, LakeshotError, PayloadError, RunClosingError
from lakeshot.names import snapshot_name, split_s3_uri
from tests.cloud.permissions.proof import NotDoneError, Situation
from tests.cloud.permissions.stage import BUCKET, DATABASE
from tests.cloud.permissions.story import LEFT, MEMBERS, MOMENT, RIGHT, Story

Act = Callable[[], None]


def of_plan(story: Story) -> list[Situation]:
    """The first step, which meets whatever earlier runs left."""
    plan, put = story.plan_input(), story.put_entry
    never = story.plan_input(mode="rollback", snapshot=snapshot_name(MOMENT + timedelta(days=1)))
    forgotten = {"run": "forgotten", "execution_arn": story.stage.execution_arn("forgotten")}
    return [
        Situation("plan a group's run", does(story, "plan", "plan", plan)),
        Situation(
            "give up a moment that another run has claimed in one of the exports",
            does(
                story,
                "plan",
                "plan",
                plan,
                lambda: put(RIGHT, f"snapshot#{story.moment_name}", run="other", state="claimed"),
            ),
            about=("dynamodb:DeleteItem on *",),
        ),
        Situation(
            "say which snapshots can be shown again when asked for one that cannot",
            does(story, "plan", "plan", never, ends_in=PayloadError),
            about=("dynamodb:Query on *",),
        ),
        Situation(
            "have a run closed that ended with its lock held",
            does(
                story,
                "plan",
                "plan",
                plan,
                lambda: put(LEFT, "lock", fence=9, acquired_at=MOMENT.isoformat(), **forgotten),
                ends_in=RunClosingError,
            ),
            about=("states:* on *", "lambda:* on *"),
        ),
    ]


def of_verify_files(story: Story) -> list[Situation]:
    """Reading back."""
    given = story.one(LEFT, verifier=0)
    return [
        Situation("read back the files of a run", does(story, "crawl", "verify_files", given)),
        *of_entering(story, "crawl", "verify_files", given),
    ]


def of_catalog(story: Story) -> list[Situation]:
    """The left export's type has changed, and it is crawled; the right one's has not, and it is not."""
    left, right = story.one(LEFT), story.one(RIGHT)
    return [
        Situation("put a crawled snapshot into a new table", does(story, "catalog", "catalog", left)),
        Situation(
            "add a snapshot to the table there is",
            does(story, "catalog", "catalog", right),
            about=("glue:UpdateTable on *",),
        ),
        Situation(
            "write a partition again",
            does(story, "verify_readable", "catalog", right),
            about=("glue:BatchUpdatePartition on *",),
        ),
        *of_entering(story, "catalog", "catalog", left),
    ]


def of_verify_readable(story: Story) -> list[Situation]:
    """Views are made under other names and read."""
    given = story.one(LEFT, query_execution_id=story.counts[LEFT])
    return [
        Situation("stage a view and read it", does(story, "verify_readable", "verify_readable", given)),
        Situation(
            "remove what a late invocation staged after the publication",
            does(story, "retain", "verify_readable", given),
            about=("glue:DeleteTable on *",),
        ),
        *of_entering(story, "verify_readable", "verify_readable", given),
    ]


def of_publish(story: Story) -> list[Situation]:
    """All views are moved, or none."""
    given = story.all()

    def remove_view() -> None:
        story.stage.client("glue").delete_table(DatabaseName=DATABASE, Name=RIGHT)

    return [
        Situation("move the views of a group", does(story, "publish", "publish", given)),
        Situation(
            "make a view anew that somebody removed",
            does(story, "publish", "publish", given, remove_view),
            about=("glue:CreateTable on *",),
        ),
        *of_entering(story, "publish", "publish", given),
    ]


def of_retain(story: Story) -> list[Situation]:
    """One snapshot is retained, two are there."""
    return [
        Situation("remove old snapshots", does(story, "retain", "retain", story.all())),
        *of_entering(story, "retain", "retain", story.all()),
    ]


def of_report(story: Story) -> list[Situation]:
    """The end of a run that succeeded."""
    return [
        Situation("report a run", does(story, "report", "report", story.all())),
        *of_entering(story, "report", "report", story.all()),
    ]


def of_entering(story: Story, moment: str, step: str, given: Mapping[str, object]) -> list[Situation]:
    """What may meet any step that enters a run."""

    def release() -> None:
        for export in MEMBERS:
            story.put_entry(export, "lock", fence=9)

    def remove_plans() -> None:
        for export in MEMBERS:
            _, key = split_s3_uri(story.plan(export))
            story.stage.client("s3").delete_object(Bucket=BUCKET, Key=key)

    return [
        Situation(
            "go on after a redrive",
            does(story, moment, step, {**given, "redrive": 1}),
            about=("dynamodb:PutItem on *",),
        ),
        Situation(
            "take the lock again that somebody released by hand",
            does(story, moment, step, given, release),
            about=("dynamodb:ConditionCheckItem on *",),
        ),
        Situation(
            "say that the plan is gone",
            does(story, moment, step, given, remove_plans, ends_in=CommitError),
            about=("s3:ListBucket on *",),
        ),
    ]


def does(
    story: Story,
    moment: str,
    step: str,
    given: Mapping[str, object],
    prepare: Act = lambda: None,
    *,
    ends_in: type[LakeshotError] | None = None,
) -> Act:
    """Put everything back to a moment, prepare what is special, run a step, which may have to fail."""

    def act() -> None:
        story.at(moment)
        prepare()
        try:
            story.stage.step(step, given)
        except LakeshotError as error:
            if ends_in is None or not isinstance(error, ends_in):
                raise
        else:
            if ends_in is not None:
                raise NotDoneError(f"it should have ended in {ends_in.__name__}, but succeeded")

    return act
