"""Moments that are ready in another order than they began: a view does not go back by itself."""

import time

import pytest

from tests.cloud.local.account import wait_for
from tests.cloud.pipeline.pipeline import Pipeline

pytestmark = pytest.mark.cloud


def stopped_run(pipeline: Pipeline, **changes: object) -> str:
    """A run that was stopped, and closed, before it was planned; its moment is its start all the same."""
    with pipeline.held_before("plan"):
        run = pipeline.start("moments", **changes)
        wait_for(lambda: pipeline.states(run), lambda states: "Plan" in states)
        pipeline.abort("moments", run)
    time.sleep(1)  # a moment is a whole second, and the next run's has to be a later one
    return run


def test_an_older_moment_is_published_only_if_that_is_asked_for(pipeline: Pipeline) -> None:
    """Two runs are overtaken by a third and redriven: one is refused, one may go back in time."""
    pipeline.make_table("Moments", [{"Id": {"S": "a"}}])
    refused, allowed = stopped_run(pipeline), stopped_run(pipeline, allow_older=True)
    newer = str(pipeline.record("moments", pipeline.succeed("moments")).snapshot)
    pipeline.redrive(refused)
    ended = pipeline.end(refused)
    assert (ended.status, ended.error) == ("FAILED", "CatalogError")
    oldest = str(pipeline.record("moments", refused).snapshot)
    assert f"already shows snapshot {newer}, which is newer than {oldest}" in ended.cause
    assert "say allow_older: true in the payload" in ended.cause
    assert pipeline.record("moments", refused).state == "FAILED"
    pipeline.assert_settled("moments", shown=newer, kept=[newer])

    pipeline.redrive(allowed)
    ended = pipeline.end(allowed)
    assert ended.status == "SUCCEEDED", ended
    older = str(pipeline.record("moments", allowed).snapshot)
    assert oldest < older < newer
    pipeline.assert_settled("moments", shown=older, kept=[older, newer])
