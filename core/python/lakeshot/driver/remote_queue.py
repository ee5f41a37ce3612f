"""A reader's side of the queue that lives in the driver's process."""

import time
from collections.abc import Callable, Iterator
from threading import Event, Thread
from types import TracebackType
from typing import Generic, Self, TypeVar

from lakeshot.commit.part import PartResult
from lakeshot.driver.connection import DriverConnection, DriverContact
from lakeshot.driver.paced import LONGEST_NAP_SECONDS, wait_for_pace
from lakeshot.driver.pages_read import PagesRead
from lakeshot.driver.part_queue import StoppedError
from lakeshot.driver.queue_messages import (
    ANSWER,
    LARGEST_MESSAGE_BYTES,
    Alive,
    Answer,
    DoneAnswer,
    Failed,
    Finished,
    GiveUp,
    Next,
    Note,
    PartAnswer,
    Report,
    Request,
    Spend,
    StoppedAnswer,
    TakenAnswer,
    WaitAnswer,
)
from lakeshot.errors import LakeshotError
from lakeshot.model import Model
from lakeshot.rate.budget import Progress

ALIVE_SECONDS = 15.0

PartT = TypeVar("PartT", bound=Model)


class RemoteQueue(Generic[PartT]):
    """Hands out parts, and hears of them, for one reader until the context is left.

    Calls raise StoppedError once the run is over, DriverLostError once the driver is gone. ``on_stop`` is
    called, in another thread, when either is noticed while the reader is busy elsewhere, and again and again
    until the context is left. ``on_wait`` is called while there is no part to read.
    """

    def __init__(
        self,
        driver: DriverContact,
        part: type[PartT],
        *,
        on_stop: Callable[[], None] = lambda: None,
        on_wait: Callable[[], None] = lambda: None,
        sleep: Callable[[float], None] = time.sleep,
        alive_seconds: float = ALIVE_SECONDS,
    ) -> None:
        self._part, self._on_stop, self._on_wait, self._sleep = part, on_stop, on_wait, sleep
        self._alive_seconds, self._left = alive_seconds, Event()
        self._driver = DriverConnection(
            driver.address, driver.key, largest_message_bytes=LARGEST_MESSAGE_BYTES
        )

    def __enter__(self) -> Self:
        Thread(target=self._tell_alive, name="alive", daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._left.set()
        self._driver.close()

    def parts(self) -> Iterator[tuple[PartT, int]]:
        """Parts to read, each with the number of the attempt at it, until all of the run's are read."""
        while not isinstance(answer := self._call(Next()), DoneAnswer):
            if isinstance(answer, PartAnswer):
                yield self._part.model_validate_json(answer.part), answer.attempt
            elif isinstance(answer, WaitAnswer):
                self._on_wait()
                self._sleep(min(answer.seconds, LONGEST_NAP_SECONDS))

    def finished(self, result: PartResult, pages: PagesRead | None = None) -> bool:
        """Hand a result over, with the pages that were read for it; False if the part is now another's."""
        answer = self._call(Finished(result=result, pages=pages or PagesRead()))
        return isinstance(answer, TakenAnswer) and answer.taken

    def failed(self, part: int, why: str) -> None:
        """Give a part back that another attempt may do better at."""
        self._call(Failed(part=part, why=why))

    def note(self, why: str) -> None:
        """Tell why this reader ends before the parts do."""
        self._call(Note(why=why))

    def give_up(self, error: LakeshotError) -> None:
        """End the run with this error."""
        try:
            self._call(GiveUp(error=type(error).__name__, message=str(error)))
        except StoppedError:
            return

    def spend(self, read: int) -> None:
        """Tell how many bytes more were read, and wait as long as the run's pace wants."""
        wait_for_pace(self._wait_for, read, sleep=self._sleep)

    def report(self, progress: Progress) -> None:
        """Tell how far a part has come."""
        self._call(Report(progress=progress))

    def _call(self, request: Request) -> Answer:
        answer = ANSWER.validate_json(self._driver.call(request.model_dump_json().encode()))
        if isinstance(answer, StoppedAnswer):
            raise StoppedError(answer.reason)
        return answer

    def _wait_for(self, read: int) -> float:
        answer = self._call(Spend(read=read))
        return answer.seconds if isinstance(answer, WaitAnswer) else 0.0

    def _tell_alive(self) -> None:
        try:
            while not self._left.wait(self._alive_seconds):
                self._call(Alive())
        except (LakeshotError, ValueError):
            while not self._left.is_set():
                self._on_stop()  # what the reader opens meanwhile is to end as well
                self._left.wait(self._alive_seconds)
