"""The driver's side of a part queue: shared with readers in other processes and on other machines."""

from typing import Generic, Protocol, TypeVar

from lakeshot import errors
from lakeshot.driver.part_queue import Assigned, Idle, Numbered, PartQueue, StoppedError
from lakeshot.driver.queue_messages import (
    ANSWER,
    LARGEST_MESSAGE_BYTES,
    REQUEST,
    Alive,
    Answer,
    DoneAnswer,
    Failed,
    Finished,
    GiveUp,
    Next,
    Note,
    NotedAnswer,
    PartAnswer,
    Report,
    Request,
    Spend,
    StoppedAnswer,
    TakenAnswer,
    WaitAnswer,
)
from lakeshot.driver.server import DriverServer
from lakeshot.errors import LakeshotError, SourceError

SILENCE_SECONDS = 90.0
"""Readers tell of themselves every 15 seconds; one that does not for this long is gone."""


class Sendable(Numbered, Protocol):
    """A part that can be sent."""

    def model_dump_json(self) -> str:
        """Its text."""


PartT = TypeVar("PartT", bound=Sendable)


class QueueServer(DriverServer):
    """Serves a queue to whoever knows the key, until the context is left."""

    def __init__(self, queue: PartQueue[PartT], authkey: bytes, host: str = "127.0.0.1") -> None:
        super().__init__(
            lambda: _Conversation(queue),
            authkey,
            host,
            silence_seconds=SILENCE_SECONDS,
            largest_message_bytes=LARGEST_MESSAGE_BYTES,
        )


class _Conversation(Generic[PartT]):
    """With one reader, which is told from others by this object."""

    def __init__(self, queue: PartQueue[PartT]) -> None:
        self._queue = queue

    def answer(self, request: bytes) -> bytes:
        try:
            answer = self._answer(REQUEST.validate_json(request))
        except StoppedError as stopped:
            answer = StoppedAnswer(reason=str(stopped))
        return ANSWER.dump_json(answer)

    def end(self) -> None:
        self._queue.leave(self)

    def _answer(self, request: Request) -> Answer:
        match request:
            case Next():
                return self._next()
            case Finished():
                return TakenAnswer(taken=self._queue.finished(self, request.result, request.pages))
            case Spend():
                return WaitAnswer(seconds=self._queue.spend(request.read))
            case Failed():
                self._queue.failed(self, request.part, request.why)
            case Note():
                self._queue.note(request.why)
            case GiveUp():
                self._queue.stop(_error(request))
            case Report():
                self._queue.report(request.progress)
            case Alive():
                pass
        self._queue.check()
        return NotedAnswer()

    def _next(self) -> Answer:
        match self._queue.next(self):
            case Assigned(part, attempt):
                return PartAnswer(part=part.model_dump_json(), attempt=attempt)
            case Idle(seconds):
                return WaitAnswer(seconds=seconds)
        return DoneAnswer()


def _error(told: GiveUp) -> LakeshotError:
    kind = getattr(errors, told.error, None)
    if isinstance(kind, type) and issubclass(kind, LakeshotError):
        return kind(told.message)
    return SourceError(f"{told.error}: {told.message}")
