"""The end of a run tells what a person needs next."""

from dataclasses import replace
from datetime import timedelta

from lakeshot.files import FileFormat
from lakeshot.runs.records import RunState
from lakeshot.steps.failure import Failure
from operate.flow import Step
from operate.observation import Observation
from operate.summary import summary
from tests.unit.conftest import BUCKET, NOON
from tests.unit.operate.conftest import GROUP_RUN, ended

LINKS = {"execution": "https://console/execution", "job log": "https://console/log"}
WRITTEN: dict[str, object] = {
    "snapshot": "20261121T120000Z",
    "rows": 50_001,
    "files": 2,
    "bytes_written": 1_234_567,
    "units_consumed": 961.5,
    "estimated_cost_usd": 0.0147,
}
END = NOON + timedelta(seconds=42)


def test_a_success_tells_snapshot_rows_units_cost_and_view(reading: Observation) -> None:
    """What was written, what it took, where to query it, where to look."""
    seen = replace(ended(reading, RunState.SUCCEEDED, **WRITTEN), step=Step.REPORT, ended_at=END)
    assert summary(seen, published={"reviews": "20261121T120000Z"}, links=LINKS) == (
        "Run reviews-20261121T120000Z-1a2b succeeded after 42 s.\n"
        "  snapshot    20261121T120000Z\n"
        "  rows        50,001 in 2 files, 1.2 MB\n"
        "  read        962 read units, at most 25.0/s (25% of 100 provisioned read units)\n"
        "  cost        $0.01 (estimate)\n"
        '  view        the view "lakeshot"."reviews" shows snapshot 20261121T120000Z\n'
        "  execution   https://console/execution\n"
        "  job log     https://console/log"
    )


def test_a_native_export_tells_what_it_exported_and_why(reading: Observation) -> None:
    """It took no read units."""
    native = {
        "route": "native",
        "route_from": "the table has point-in-time recovery",
        "exported_bytes": 5_000,
    }
    seen = ended(reading, RunState.SUCCEEDED, **WRITTEN | native)
    text = summary(replace(seen, ended_at=END), published={"reviews": "20261121T120000Z"}, links={})
    assert "  read        by DynamoDB's own export, 5.0 kB: no read units\n" in text
    assert "  route       native: the table has point-in-time recovery\n" in text


def test_a_query_tells_what_it_cost_the_database(reading: Observation) -> None:
    """By the database's own figures."""
    query = {
        "route": "query",
        "bytes_read": 5_000_000,
        "read_by": "by 2 connections, as 4 ranges of ctid",
        "text_columns": "tags (public.hstore)",
        "source_load": "its readers read the table's 910 pages 1.0 times",
    }
    seen = ended(reading, RunState.SUCCEEDED, **WRITTEN | query)
    text = summary(replace(seen, ended_at=END), published={"reviews": "20261121T120000Z"}, links={})
    assert "  read        5.0 MB by 2 connections, as 4 ranges of ctid\n" in text
    assert "  as text     tags (public.hstore)\n" in text
    assert "  load        its readers read the table's 910 pages 1.0 times\n" in text


def test_changes_are_told_beside_the_rows_of_the_view(reading: Observation) -> None:
    """What the run wrote is not what the view shows."""
    changes = {"route": "native", "follows": "20261121T110000Z", "rows_shown": 1_000_000}
    seen = ended(reading, RunState.SUCCEEDED, **WRITTEN | changes)
    text = summary(replace(seen, ended_at=END), published={"reviews": "20261121T120000Z"}, links={})
    assert (
        "  changes     50,001 in 2 files, 1.2 MB, since snapshot 20261121T110000Z\n"
        "  rows        1,000,000 in the view\n"
    ) in text


def test_a_failed_conversion_tells_how_to_repeat_it_without_exporting_again(reading: Observation) -> None:
    """The export is paid for, and still there."""
    seen = ended(reading, RunState.FAILED, exported_bytes=5_000)
    text = summary(replace(seen, ended_at=END), published={"reviews": None}, links={})
    assert (
        '  or reuse    make run EXPORT=reviews ARGS="--reuse-export reviews-20261121T120000Z-1a2b": what'
    ) in text


def test_a_check_that_failed_is_checked_again_not_converted_again(reading: Observation) -> None:
    """What it exported is just what did not agree."""
    seen = ended(reading, RunState.FAILED, exported_bytes=5_000, mode="check")
    text = summary(replace(seen, ended_at=END), published={"reviews": None}, links={})
    assert "  run again   make run EXPORT=reviews ARGS=--check" in text
    assert "reuse" not in text


def test_a_failure_tells_cause_what_is_safe_and_the_next_step(reading: Observation) -> None:
    """The view is said to show what it showed before, and the command to run again is there to copy."""
    failure = Failure(
        cause="SourceError: table 'Reviews' is gone",
        next_step="Correct the source table or its name, then run again.",
    )
    seen = ended(reading, RunState.FAILED, snapshot="20261121T120000Z")
    seen = replace(seen, ended_at=END, failure=failure)
    assert summary(seen, published={"reviews": "20261120T120000Z"}, links=LINKS) == (
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
    text = summary(seen, published={"reviews": None}, links={})
    assert "cause       PayloadError: field 'job' is wrong" in text
    assert 'the view "lakeshot"."reviews" shows no rows: nothing was published yet' in text
    assert "next step   Correct the payload." in text


def test_a_schema_that_changed_is_told(reading: Observation) -> None:
    """Who queries the view learns of a new or wider column when it comes."""
    seen = ended(reading, RunState.SUCCEEDED, **WRITTEN, schema_change="Price: bigint became double")
    text = summary(seen, published={"reviews": "20261121T120000Z"}, links={})
    assert "\n  schema      Price: bigint became double\n" in text


def test_a_rollback_tells_what_is_shown_and_nothing_of_reading(reading: Observation) -> None:
    """It has read nothing, so it neither tells rows nor units."""
    seen = ended(reading, RunState.SUCCEEDED, snapshot="20261120T120000Z", mode="rollback")
    assert summary(seen, published={"reviews": "20261120T120000Z"}, links={}) == (
        "Run reviews-20261121T120000Z-1a2b succeeded after 20 s.\n"
        "  snapshot    20261120T120000Z\n"
        '  view        the view "lakeshot"."reviews" shows snapshot 20261120T120000Z'
    )


def test_a_duplicate_names_the_run_it_repeats(reading: Observation) -> None:
    """A schedule's second delivery is no mystery: the run that did the work is there to watch."""
    seen = ended(reading, RunState.SUCCEEDED, duplicate_of="reviews-20261121T115900Z-9f9f")
    assert summary(seen, published={"reviews": None}, links={}) == (
        "Run reviews-20261121T120000Z-1a2b did nothing: it is a duplicate.\n"
        "  reason      run reviews-20261121T115900Z-9f9f has the same scheduled time; a schedule may deliver "
        "one more than once\n"
        "  see         make watch RUN=reviews-20261121T115900Z-9f9f"
    )


def test_a_groups_success_tells_every_member(together: Observation) -> None:
    """Rows of each, their cost together, and one moment for all views."""
    seen = ended(together, RunState.SUCCEEDED, **WRITTEN)
    shown = {"reviews": "20261121T120000Z", "orders": "20261121T120000Z"}
    assert summary(replace(seen, ended_at=END), published=shown, links={}) == (
        f"Run {GROUP_RUN} succeeded after 42 s.\n"
        "  snapshot    20261121T120000Z\n"
        "  reviews     50,001 in 2 files, 1.2 MB; 962 read units, at most 25.0/s "
        "(25% of 100 provisioned read units)\n"
        "  orders      50,001 in 2 files, 1.2 MB; 962 read units, at most 25.0/s "
        "(25% of 100 provisioned read units)\n"
        "  cost        $0.03 (estimate)\n"
        '  view        the views "lakeshot"."reviews", "lakeshot"."orders" show snapshot 20261121T120000Z'
    )


def test_a_groups_failure_tells_what_all_views_still_show(together: Observation) -> None:
    """None of the views has moved, and the group is what to run again."""
    failure = Failure(cause="SourceError: gone", next_step="Correct it.")
    seen = replace(ended(together, RunState.FAILED, snapshot="20261121T120000Z"), failure=failure)
    before = "20261120T120000Z"
    text = summary(seen, published={"reviews": before, "orders": before}, links={})
    assert f'the views "lakeshot"."reviews", "lakeshot"."orders" still show snapshot {before}' in text
    assert "make run GROUP=nightly" in text
    apart = summary(seen, published={"reviews": before, "orders": None}, links={})
    assert f"the views show different moments: reviews {before}, orders no rows" in apart


def unread(seen: Observation, *exports: str) -> Observation:
    """The same run, with exports that write files no engine reads."""
    members = tuple(
        replace(member, deployed=member.deployed.model_copy(update={"format": FileFormat.BINARY}))
        if member.deployed.export in exports
        else member
        for member in seen.members
    )
    return replace(seen, members=members)


def test_a_run_without_a_view_tells_where_the_files_are(reading: Observation) -> None:
    """Instead of what to query."""
    seen = unread(ended(reading, RunState.SUCCEEDED, **WRITTEN), "reviews")
    text = summary(replace(seen, ended_at=END), published={"reviews": "20261121T120000Z"}, links={})
    assert (
        "  view        reviews has no view, because no query engine reads binary files; published is what "
        f"lies below s3://{BUCKET}/snapshots_reviews/snapshot_timestamp=20261121T120000Z/"
    ) in text


def test_a_failure_without_a_view_tells_what_is_still_published(reading: Observation) -> None:
    """Or that nothing ever was."""
    seen = unread(ended(reading, RunState.FAILED), "reviews")
    text = summary(replace(seen, ended_at=END), published={"reviews": "20261120T120000Z"}, links={})
    assert "reads binary files; still published is what lies below s3://" in text
    text = summary(replace(seen, ended_at=END), published={"reviews": None}, links={})
    assert "reads binary files; nothing was published yet\n" in text


def test_a_group_tells_which_members_have_views(together: Observation) -> None:
    """Those that have one, and those that have none."""
    day = "20261121T120000Z"
    seen = unread(ended(together, RunState.SUCCEEDED, snapshot=day), "orders")
    text = summary(replace(seen, ended_at=END), published={"reviews": day, "orders": day}, links={})
    assert (
        f'the view "lakeshot"."reviews" shows snapshot {day}; orders has no view, because no query engine '
        "reads binary files; published is what lies below"
    ) in text
