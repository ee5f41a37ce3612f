"""What an ended run may still have at work is stopped and waited for."""

import pytest

from lakeshot.errors import RunClosingError
from lakeshot.steps.stopping import stop_crawler, stop_job
from tests.unit.stage import Stage

JOB = "lakeshot-dev-reviews"


def test_only_the_runs_own_job_runs_are_stopped(stage: Stage) -> None:
    """And only those that have not ended."""
    for id_, run in (("jr_1", "run-1"), ("jr_2", "another"), ("jr_3", "run-1")):
        stage.glue.start(JOB, run, id_)
    stage.glue.job_runs[JOB][2]["JobRunState"] = "SUCCEEDED"
    stop_job(stage.liveness, JOB, "run-1")
    assert stage.glue.stopped == ["jr_1"]


def test_a_job_without_runs_needs_no_stopping(stage: Stage) -> None:
    """The run ended before it read anything."""
    stop_job(stage.liveness, JOB, "run-1")
    assert stage.glue.stopped == []


def test_a_job_that_does_not_stop_is_an_error(stage: Stage) -> None:
    """Nobody may clean up behind a job that still writes."""
    stage.glue.obeys = False
    stage.glue.start(JOB, "run-1", "jr_1")
    with pytest.raises(
        RunClosingError, match=r"lakeshot-dev-reviews was told .* after 2 minutes \(jr_1\).* Stop it in the"
    ):
        stop_job(stage.liveness, JOB, "run-1")


def test_a_crawl_is_stopped_and_waited_for(stage: Stage) -> None:
    """Asked once; it is over when the crawler is ready again."""
    stage.glue.crawlers[JOB] = {"State": "RUNNING"}
    stop_crawler(stage.liveness.glue, JOB)
    assert (stage.glue.stopped, stage.glue.crawlers[JOB]["State"]) == ([JOB], "READY")


@pytest.mark.parametrize("crawlers", [{}, {JOB: {"State": "READY"}}], ids=["no crawler", "ready"])
def test_what_does_not_crawl_is_not_stopped(crawlers: dict[str, dict[str, str]], stage: Stage) -> None:
    """Nor is it an error if the crawler was removed."""
    stage.glue.crawlers = crawlers
    stop_crawler(stage.liveness.glue, JOB)
    assert stage.glue.stopped == []


def test_a_crawl_that_ends_by_itself_meanwhile_is_no_error(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Glue refuses to stop what does not run."""
    stage.glue.crawlers[JOB] = {"State": "RUNNING"}

    def ended(*, Name: str) -> None:  # noqa: N803
        stage.glue.crawlers[Name]["State"] = "READY"
        raise stage.glue.exceptions.CrawlerNotRunningException({"Error": {}}, "StopCrawler")

    monkeypatch.setattr(stage.glue, "stop_crawler", ended)
    stop_crawler(stage.liveness.glue, JOB)


def test_a_crawl_that_is_being_stopped_is_only_waited_for(stage: Stage) -> None:
    """And is an error if it goes on for ever."""
    stage.glue.crawlers[JOB] = {"State": "STOPPING"}
    with pytest.raises(RunClosingError, match=r"crawler lakeshot-dev-reviews was told to .* Stop it in the"):
        stop_crawler(stage.liveness.glue, JOB)
    assert stage.glue.stopped == []
