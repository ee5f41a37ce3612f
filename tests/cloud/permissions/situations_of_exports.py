"""What the roles are there for by which DynamoDB exports a table itself."""

from collections.abc import Callable
from dataclasses import replace

from lakeshot.errors import CommitError
from tests.cloud.permissions.native_run import EXPORT, NativeRun
from tests.cloud.permissions.proof import NotDoneError, Situation
from tests.cloud.permissions.story import Story


def of_native_export(story: Story) -> list[Situation]:
    """The step that asks for the export."""
    native = story.native

    def looks(prepare: Callable[[], None] = lambda: None, *, redrive: int = 0) -> Callable[[], None]:
        def act() -> None:
            native.at("native_export")
            prepare()
            native.look(redrive=redrive)

        return act

    def says_that_the_plan_is_gone() -> None:
        native.at("native_export")
        native.forget_plan()
        try:
            native.look()
        except CommitError:
            return
        raise NotDoneError("it should have ended in CommitError, but succeeded")

    return [
        Situation("have a table exported", exports(native)),
        Situation("go on after a redrive", looks(redrive=1), about=("dynamodb:PutItem on *",)),
        Situation(
            "take the lock again that somebody released by hand",
            looks(lambda: story.put_entry(EXPORT, "lock", fence=9)),
            about=("dynamodb:ConditionCheckItem on *",),
        ),
        Situation("say that the plan is gone", says_that_the_plan_is_gone, about=("s3:ListBucket on *",)),
    ]


def of_job(story: Story) -> list[Situation]:
    """Under the export's own role the table is looked at and exported, and what was exported is read."""
    native = story.native

    def reads() -> None:
        native.at("read")
        native.read()

    return [
        Situation("convert an export", reads),
        Situation("have the table exported", exports(native), about=("dynamodb:* on *", "s3:Put* on *")),
    ]


def exports(native: NativeRun) -> Callable[[], None]:
    """A run of its own each time; the moments that were saved are those of the first."""

    def act() -> None:
        another = replace(native)
        another.begin()
        another.export()

    return act
