"""What readers and the queue of their driver say to each other, as JSON."""

from typing import Annotated, Literal

from pydantic import Field, TypeAdapter

from lakeshot.commit.part import PartResult
from lakeshot.driver.pages_read import PagesRead
from lakeshot.model import Model
from lakeshot.rate.budget import Progress

LARGEST_MESSAGE_BYTES = 64 * 1024**2
"""A result tells of every file's columns, of which there may be 1,600."""


class Next(Model):
    """Ask for a part."""

    kind: Literal["next"] = "next"


class Finished(Model):
    """Hand over what a part came to, and the pages that its server looked at since the part before."""

    kind: Literal["finished"] = "finished"
    result: PartResult
    pages: PagesRead = PagesRead()


class Failed(Model):
    """Give a part back."""

    kind: Literal["failed"] = "failed"
    part: int
    why: str


class Note(Model):
    """Tell why the reader ends before the parts do."""

    kind: Literal["note"] = "note"
    why: str


class GiveUp(Model):
    """End the run with an error that no other attempt would mend, by the name of its class."""

    kind: Literal["give_up"] = "give_up"
    error: str
    message: str


class Spend(Model):
    """Tell how many bytes more were read."""

    kind: Literal["spend"] = "spend"
    read: int


class Report(Model):
    """Say how far a part is."""

    kind: Literal["report"] = "report"
    progress: Progress


class Alive(Model):
    """Say that the reader is there, and hear whether to go on."""

    kind: Literal["alive"] = "alive"


class PartAnswer(Model):
    """A part, in JSON of its own, and the number of the attempt at it."""

    kind: Literal["part"] = "part"
    part: str
    attempt: int


class WaitAnswer(Model):
    """Wait this long; 0 is no wait."""

    kind: Literal["wait"] = "wait"
    seconds: float


class DoneAnswer(Model):
    """Every part has been read."""

    kind: Literal["done"] = "done"


class TakenAnswer(Model):
    """Whether a result was taken."""

    kind: Literal["taken"] = "taken"
    taken: bool


class StoppedAnswer(Model):
    """The run is over, for a reason that the driver tells."""

    kind: Literal["stopped"] = "stopped"
    reason: str


class NotedAnswer(Model):
    """Nothing to say."""

    kind: Literal["noted"] = "noted"


Request = Next | Finished | Failed | Note | GiveUp | Spend | Report | Alive
Answer = PartAnswer | WaitAnswer | DoneAnswer | TakenAnswer | StoppedAnswer | NotedAnswer
REQUEST: TypeAdapter[Request] = TypeAdapter(Annotated[Request, Field(discriminator="kind")])
ANSWER: TypeAdapter[Answer] = TypeAdapter(Annotated[Answer, Field(discriminator="kind")])
