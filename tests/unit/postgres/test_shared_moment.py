"""Exports that run together read one moment, whichever job starts first."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import TYPE_CHECKING, cast

import pytest

from lakeshot.errors import ConnectionLostError, LockLostError, SourceError
from lakeshot.postgres.shared_moment import SharedMoment
from lakeshot.postgres.snapshot import Snapshot
from tests.in_memory.s3 import S3InMemory

if TYPE_CHECKING:
    from mypy_boto3_s3.client import S3Client

SNAPSHOT = Snapshot(
    id="00000003-0000001B-1",
    taken_at=datetime(2026, 11, 22, 12, tzinfo=UTC),
    server="10.0.0.1",
    up_since=datetime(2026, 11, 1, tzinfo=UTC),
    server_version=180004,
    is_standby=False,
)


def nothing() -> None:
    return


def moment(
    s3: S3InMemory,
    own: str,
    *,
    during: Callable[[], None] = nothing,
    check: Callable[[], None] = nothing,
) -> SharedMoment:
    """An export's view; ``during`` is what happens while it waits a second."""
    now = [0.0]

    def sleep(seconds: float) -> None:
        now[0] += seconds
        during()

    return SharedMoment(
        s3=cast("S3Client", s3),
        bucket="b",
        stage="dev",
        run="r1",
        exports=("orders", "lines", "customers"),
        own=own,
        most_minutes=1.0,
        check=check,
        sleep=sleep,
        clock=lambda: now[0],
    )


def test_the_first_export_takes_the_moment_and_waits_for_the_others() -> None:
    """Its snapshot lasts as long as its own connection, until they hold it themselves."""
    s3 = S3InMemory()
    others = iter(["lines", "customers"])

    def another_begins() -> None:
        moment(s3, next(others)).hold(SNAPSHOT)

    first = moment(s3, "orders", during=another_begins)
    assert first.is_taken_here
    first.hold(SNAPSHOT)
    first.wait_for_all(nothing)
    assert list(others) == []


def test_another_export_waits_for_the_first_and_gets_its_snapshot() -> None:
    """Also if its own job starts before."""
    s3 = S3InMemory()
    second = moment(s3, "lines", during=lambda: moment(s3, "orders").hold(SNAPSHOT))
    assert not second.is_taken_here
    assert second.taken() == SNAPSHOT


def test_a_job_that_never_starts_is_named() -> None:
    """And the wait is bounded, because a snapshot is held meanwhile."""
    with pytest.raises(SourceError, match="export 'lines', which is to be of the same moment as 'orders'"):
        moment(S3InMemory(), "orders").wait_for_all(nothing)


def test_waiting_ends_with_the_snapshot() -> None:
    """There is nothing to share any more; by the loss itself, which counts from when it was taken."""

    def lost() -> None:
        raise ConnectionLostError("the connection that held the snapshot broke")

    with pytest.raises(SourceError, match="while 'orders' waited for export 'lines' to begin: the"):
        moment(S3InMemory(), "orders").wait_for_all(lost)


def test_waiting_ends_with_the_run() -> None:
    """Nobody waits for a job of a run that was closed."""

    def closed() -> None:
        raise LockLostError("closed")

    with pytest.raises(LockLostError, match="closed"):
        moment(S3InMemory(), "lines", check=closed).taken()


def test_a_job_that_begins_again_cannot_share_another_moment() -> None:
    """The others may have read the first one."""
    s3 = S3InMemory()
    moment(s3, "orders").hold(SNAPSHOT)
    moment(s3, "orders").hold(SNAPSHOT)
    with pytest.raises(SourceError, match="start a new run, so that all of its exports are of one moment"):
        moment(s3, "orders").hold(SNAPSHOT.model_copy(update={"id": "00000003-0000001C-1"}))
