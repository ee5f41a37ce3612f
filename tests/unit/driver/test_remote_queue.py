"""Readers in other processes get parts from the driver, tell it of them, and stop with it."""

from collections.abc import Iterator
from multiprocessing.connection import Client
from threading import Event

import pytest

from lakeshot.driver.byte_pace import BytePace
from lakeshot.driver.connection import DriverContact
from lakeshot.driver.pages_read import PagesRead
from lakeshot.driver.part_queue import PartQueue, StoppedError
from lakeshot.driver.queue_server import QueueServer
from lakeshot.driver.remote_queue import RemoteQueue
from lakeshot.errors import DriverLostError, PermissionDeniedError, SourceError
from lakeshot.rate.budget import Progress
from tests.unit.driver.results import Slice, result, slices

KEY = b"the run's secret"


@pytest.fixture
def seen() -> list[Progress]:
    return []


@pytest.fixture
def queue(seen: list[Progress]) -> PartQueue[Slice]:
    return PartQueue(slices(3), pace=BytePace(1000.0, lambda: 0.0), on_progress=seen.append)


@pytest.fixture
def contact(queue: PartQueue[Slice]) -> Iterator[DriverContact]:
    with QueueServer(queue, KEY) as server:
        yield DriverContact(server.address, KEY)


def test_a_reader_reads_all_parts(
    queue: PartQueue[Slice], contact: DriverContact, seen: list[Progress]
) -> None:
    """Parts arrive as they were made; one that fails comes again; progress is passed on."""
    read = []
    with RemoteQueue(contact, Slice) as remote:
        for part, attempt in remote.parts():
            read.append((part.text, attempt))
            if part.number == 1 and attempt == 0:
                remote.failed(1, "the connection broke")
                continue
            remote.report(Progress(part=part.number, rows=5, units=0.0, bytes=7))
            assert remote.finished(result(part.number, attempt), PagesRead(looked=9, cached=2))
    assert read == [("'0' é", 0), ("'1' é", 0), ("'1' é", 1), ("'2' é", 0)]
    assert queue.pages == PagesRead(looked=27, cached=6, is_all=False)
    assert [progress.part for progress in seen] == [0, 1, 2]
    assert [each.attempt for each in queue.results()] == [0, 1, 0]


def test_a_reader_that_is_gone_loses_what_it_had_begun(
    queue: PartQueue[Slice], contact: DriverContact
) -> None:
    """Another reads it; what was finished is kept."""
    with RemoteQueue(contact, Slice) as lost:
        parts = lost.parts()
        first, _ = next(parts)
        lost.finished(result(first.number))
        next(parts)
    with RemoteQueue(contact, Slice) as remote:
        for part, attempt in remote.parts():
            remote.finished(result(part.number, attempt))
    assert [(each.part, each.attempt) for each in queue.results()] == [(0, 0), (1, 1), (2, 0)]


def test_the_pace_is_waited_for_where_the_reading_is(contact: DriverContact) -> None:
    """In naps, so that a stop is noticed."""
    naps: list[float] = []
    with RemoteQueue(contact, Slice, sleep=naps.append) as remote:
        remote.spend(2500)
    assert naps == [1.0, 1.0, 0.5]


def test_a_stop_is_heard_at_the_next_call(queue: PartQueue[Slice], contact: DriverContact) -> None:
    """And in the midst of a wait."""
    with RemoteQueue(contact, Slice, sleep=lambda _: queue.stop(SourceError("it is over"))) as remote:
        with pytest.raises(StoppedError, match="it is over"):
            remote.spend(10_000)
        with pytest.raises(StoppedError, match="it is over"):
            next(remote.parts())


def test_a_stop_is_heard_by_a_reader_that_waits_for_its_source(
    queue: PartQueue[Slice], contact: DriverContact
) -> None:
    """It tells of itself now and then, and hears of it by that."""
    heard = Event()
    with RemoteQueue(contact, Slice, on_stop=heard.set, alive_seconds=0.01):
        assert not heard.wait(0.1)
        queue.stop(SourceError("it is over"))
        assert heard.wait(10)


def test_a_reader_that_is_silent_counts_as_gone(
    queue: PartQueue[Slice], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its machine may have vanished without a word."""
    monkeypatch.setattr("lakeshot.driver.queue_server.SILENCE_SECONDS", 2.0)
    with QueueServer(queue, KEY) as server:
        contact = DriverContact(server.address, KEY)
        silent = RemoteQueue(contact, Slice, alive_seconds=60)
        next(silent.parts())
        with RemoteQueue(contact, Slice, alive_seconds=0.05) as remote:
            for part, attempt in remote.parts():
                remote.finished(result(part.number, attempt))
    assert [(each.part, each.attempt) for each in queue.results()] == [(0, 1), (1, 0), (2, 0)]


def test_an_error_that_ends_the_run_arrives_as_what_it_was(
    queue: PartQueue[Slice], contact: DriverContact
) -> None:
    """The driver raises it; other readers stop."""
    with RemoteQueue(contact, Slice) as remote, RemoteQueue(contact, Slice) as other:
        remote.give_up(PermissionDeniedError("GRANT SELECT ON ..."))
        with pytest.raises(StoppedError, match="GRANT SELECT"):
            next(other.parts())
    with pytest.raises(PermissionDeniedError, match="GRANT SELECT"):
        queue.results()


def test_an_error_of_a_class_of_its_own_is_one_of_the_source(
    queue: PartQueue[Slice], contact: DriverContact
) -> None:
    """The name of any other class makes nothing of it."""

    class OddError(SourceError):
        pass

    with RemoteQueue(contact, Slice) as remote:
        remote.give_up(OddError("odd"))
    with pytest.raises(SourceError, match="odd"):
        queue.results()


def test_a_stranger_gets_nothing(queue: PartQueue[Slice], contact: DriverContact) -> None:
    """Neither one that guesses the key nor one that says what is no message."""
    with pytest.raises(DriverLostError, match="digest sent was rejected"):
        RemoteQueue(DriverContact(contact.address, b"guessed"), Slice)
    with Client(contact.address, authkey=KEY) as odd:
        odd.send_bytes(b'{"kind": "next", "and": "more"}')
        with pytest.raises(EOFError):
            odd.recv_bytes()
    with RemoteQueue(contact, Slice) as remote:
        assert next(remote.parts())[0].number == 0


def test_an_answer_that_comes_too_late_is_taken_for_no_other() -> None:
    """The reader stops, at that call and at every later one, and what it had begun goes to another."""
    answered = Event()

    def slow(_: Progress) -> None:
        assert answered.wait(10)

    queue = PartQueue(slices(2), on_progress=slow)
    with QueueServer(queue, KEY) as server:
        contact = DriverContact(server.address, KEY)
        remote = RemoteQueue(contact, Slice, alive_seconds=60)
        first, _ = next(remote.parts())
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr("lakeshot.driver.connection.ANSWER_TIMEOUT_SECONDS", 0.2)
            with pytest.raises(DriverLostError, match="no answer within"):
                remote.report(Progress(part=0, rows=0, units=0.0, bytes=0))
        answered.set()
        for _ in range(2):
            with pytest.raises(DriverLostError, match="no answer within"):
                remote.finished(result(first.number))
        with RemoteQueue(contact, Slice) as other:
            for part, attempt in other.parts():
                other.finished(result(part.number, attempt))
    assert [(each.part, each.attempt) for each in queue.results()] == [(0, 1), (1, 0)]


def test_a_stop_is_told_until_the_reader_has_left(queue: PartQueue[Slice], contact: DriverContact) -> None:
    """It may open another connection after the first one was ended."""
    heard: list[None] = []
    again = Event()

    def stop() -> None:
        heard.append(None)
        if len(heard) > 2:
            again.set()

    with RemoteQueue(contact, Slice, on_stop=stop, alive_seconds=0.01):
        queue.stop(SourceError("it is over"))
        assert again.wait(10)


def test_a_reader_that_waits_sees_to_its_source(queue: PartQueue[Slice], contact: DriverContact) -> None:
    """While there is no part."""
    kept: list[None] = []
    queue.pause("replicas lag")

    def sleep(_: float) -> None:
        queue.resume("replicas lag")

    with RemoteQueue(contact, Slice, on_wait=lambda: kept.append(None), sleep=sleep) as remote:
        next(remote.parts())
    assert len(kept) == 1


def test_the_key_is_not_shown() -> None:
    """A contact may be logged."""
    assert "secret" not in repr(DriverContact(("127.0.0.1", 1), KEY))


def test_a_reader_without_its_driver_stops(queue: PartQueue[Slice]) -> None:
    """No answer is no part."""
    with QueueServer(queue, KEY) as server:
        contact = DriverContact(server.address, KEY)
        remote = RemoteQueue(contact, Slice)
        assert next(remote.parts())[0].number == 0
    with pytest.raises(DriverLostError, match="this worker stops rather than read without it"):
        _note_twice(remote)  # the first may still be answered while the server ends
    with pytest.raises(DriverLostError, match="is gone"):
        RemoteQueue(contact, Slice)


def _note_twice(remote: RemoteQueue[Slice]) -> None:
    remote.note("x")
    remote.note("x")
