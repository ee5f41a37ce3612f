"""The end of a run tells what a person needs next."""

from dataclasses import replace
from datetime import timedelta

from lakeshot.runs.records import RunState
from lakeshot.steps.failure import Failure
from operate.flow import Step
from operate.observation import Observation
from operate.summary import summary
from tests.unit.conftest import NOON

LINKS = {"execution": "https://console/execution", "job log": "https://console/log"}
END = NOON + timedelta(seconds=42)


def test_a_success_tells_snapshot_rows_units_cost_and_view(reading: Observation) -> None:
    """What was written, what it took, where to query it, where to look."""
    assert reading.record is not None
    record = reading.record.model_copy(
        update={
            "state": RunState.SUCCEEDED,
            "snapshot": "20261121T120000Z",
            "rows": 50_001,
            "files": 2,
            "bytes_written": 1_234_567,
            "units_consumed": 961.5,
            "estimated_cost_usd": 0.0147,
        }
    )
    seen = replace(reading, record=record, state=RunState.SUCCEEDED, step=Step.REPORT, ended_at=END)
    assert summary(seen, published="20261121T120000Z", links=LINKS) == (
        "Run reviews-20261121T120000Z-1a2b succeeded after 42 s.\n"
        "  snapshot    20261121T120000Z\n"
        "  rows        50,001 in 2 files, 1.2 MB\n"
        "  read        962 read units, at most 25.0/s (25% of 100 provisioned read units)\n"
        "  cost        $0.01 (estimate)\n"
        '  view        the view "lakeshot"."reviews" shows snapshot 20261121T120000Z\n'
        "  execution   https://console/execution\n"
        "  job log     https://console/log"
    )


def test_a_failure_tells_cause_what_is_safe_and_the_next_step(reading: Observation) -> None:
    """The view is said to show what it showed before, and the command to run again is there to copy."""
    assert reading.record is not None
    record = reading.record.model_copy(update={"state": RunState.FAILED, "snapshot": "20261121T120000Z"})
    failure = Failure(
        cause="SourceError: table 'Reviews' is gone",
        next_step="Correct the source table or its name, then run again.",
    )
    seen = replace(reading, record=record, state=RunState.FAILED, ended_at=END, failure=failure)
    assert summary(seen, published="20261120T120000Z", links=LINKS) == (
        "Run reviews-20261121T120000Z-1a2b failed after 42 s, in the step 'read'.\n"
        "  cause       SourceError: table 'Reviews' is gone\n"
        '  still safe  the view "lakeshot"."reviews" still shows snapshot 20261120T120000Z\n'
        "  next step   Correct the source table or its name, then run again.\n"
        "  run again   make run EXPORT=reviews\n"
        "  execution   https://console/execution\n"
        "  job log     https://console/log"
    )


def test_a_failure_without_a_record_tells_what_the_execution_says(reading: Observation) -> None:
    """A run refused before it was recorded is explained too, and an empty view is called empty."""
    seen = replace(
        reading,
        record=None,
        step=Step.PLAN,
        state=RunState.FAILED,
        ended_at=END,
        failure=Failure(cause="PayloadError: field 'job' is wrong", next_step="Correct the payload."),
    )
    text = summary(seen, published=None, links={})
    assert "cause       PayloadError: field 'job' is wrong" in text
    assert 'the view "lakeshot"."reviews" shows no rows: nothing was published yet' in text
    assert "next step   Correct the payload." in text
