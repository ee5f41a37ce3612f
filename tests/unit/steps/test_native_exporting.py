"""The native export: asked for once, waited for, and told in DynamoDB's own words when it fails."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, cast

import pytest
from botocore.exceptions import ClientError

from lakeshot.dynamodb.raw_export import RawExports
from lakeshot.dynamodb.windows import SETTLED, windows
from lakeshot.errors import PermissionDeniedError, SourceError
from lakeshot.runs.plan import NativeReading, Plan, raw_exports_uri
from lakeshot.steps.native_exporting import LONGEST_WAIT, SHORTEST_WAIT, NativeExporter
from lakeshot.stored import load
from tests.unit.conftest import NOON
from tests.unit.raw_exports import raw_exports
from tests.unit.stage import Stage

TABLE_ARN = "arn:Reviews"


class Exports:
    """DynamoDB's exports by token, all as ``status`` says; ``refusal`` refuses new ones, ``looks`` looks."""

    def __init__(self) -> None:
        self.tokens: dict[str, str] = {}
        self.requests: list[Mapping[str, Any]] = []
        self.status: dict[str, Any] = {"ExportStatus": "IN_PROGRESS"}
        self.refusal: ClientError | None = None
        self.looks: ClientError | None = None

    def export_table_to_point_in_time(self, **request: Any) -> Mapping[str, Any]:
        self.requests.append(request)
        if self.refusal is not None:
            raise self.refusal
        arn = self.tokens.setdefault(request["ClientToken"], f"{TABLE_ARN}/export/{len(self.tokens)}")
        return {"ExportDescription": {"ExportArn": arn, "ExportStatus": "IN_PROGRESS"}}

    def describe_export(self, *, ExportArn: str) -> Mapping[str, Any]:  # noqa: N803
        assert ExportArn in self.tokens.values()
        if self.looks is not None:
            raise self.looks
        return {"ExportDescription": {"ExportArn": ExportArn, **self.status}}

    def complete(self) -> None:
        self.status = {
            "ExportStatus": "COMPLETED",
            "TableArn": TABLE_ARN,
            "S3Bucket": "bucket",
            "ExportManifest": "dynamodb_exports/reviews/AWSDynamoDB/0/manifest-summary.json",
            "ItemCount": 2,
            "BilledSizeBytes": 1000,
        }

    def fail(self) -> None:
        told = {"FailureCode": "S3NoSuchBucket", "FailureMessage": "The specified bucket does not exist"}
        self.status = {"ExportStatus": "FAILED", **told}


class Desk:
    """The exporter of one run, asked time and again."""

    def __init__(self, stage: Stage) -> None:
        self.stage, self.exports = stage, Exports()
        plan = stage.begin("run-1", 1)
        reading = NativeReading(
            route_from="route: native", source=plan.scan.source, export_time=NOON, reused=None
        )
        self.plan = plan.model_copy(update={"reading": reading})

    def advance(
        self, *, waited: int = 0, now: datetime = NOON, plan: Plan | None = None
    ) -> tuple[bool, int, RawExports | None]:
        exporter = NativeExporter(s3=self.stage.s3, source=cast("Any", self.exports), plan=plan or self.plan)
        state, finished = exporter.advance(waited=waited, now=now)
        assert state.waited == waited + state.wait_seconds
        return state.done, state.wait_seconds, finished


@pytest.fixture
def desk(stage: Stage) -> Desk:
    return Desk(stage)


def test_the_table_is_exported_as_it_was_at_the_plans_instant(desk: Desk) -> None:
    """Whole, below the export's own prefix, under a token of the run's."""
    assert desk.advance() == (False, SHORTEST_WAIT, None)
    (request,) = desk.exports.requests
    assert request["ExportTime"] == NOON
    assert (request["S3Bucket"], request["S3Prefix"]) == (
        desk.plan.deployed.bucket,
        "dynamodb_exports/reviews",
    )
    assert (request["ExportFormat"], request["ExportType"]) == ("DYNAMODB_JSON", "FULL_EXPORT")


def test_members_of_a_group_ask_for_exports_of_their_own(desk: Desk) -> None:
    """They share the run; one token for two tables would be refused."""
    desk.advance()
    orders = desk.plan.deployed.model_copy(update={"export": "orders"})
    desk.advance(plan=desk.plan.model_copy(update={"deployed": orders}))
    assert len(desk.exports.tokens) == 2


def test_an_export_is_asked_for_once(desk: Desk) -> None:
    """Whoever asks again finds it by its ARN, which is kept."""
    for _ in range(3):
        assert not desk.advance()[0]
    assert len(desk.exports.requests) == 1


def test_a_call_that_was_lost_before_it_was_remembered_finds_the_same_export(desk: Desk) -> None:
    """By its token."""
    desk.advance()
    forgotten = {"Objects": [{"Key": f"{desk.plan.run_prefix}native-export-0.json"}]}
    desk.stage.s3.delete_objects(Bucket=desk.plan.deployed.bucket, Delete=cast("Any", forgotten))
    desk.advance()
    assert len(desk.exports.requests) == 2
    assert len(desk.exports.tokens) == 1


def test_a_finished_export_is_remembered(desk: Desk) -> None:
    """For the job, and for a later run that converts it once more."""
    desk.advance()
    desk.exports.complete()
    done, wait, finished = desk.advance()
    assert (done, wait) == (True, 0)
    assert finished is not None
    (export,) = finished.exports
    assert (export.items, export.billed_bytes, finished.export_time) == (2, 1000, NOON)
    kept = load(desk.stage.s3, raw_exports_uri(desk.plan.deployed, "run-1"), RawExports)
    assert kept == finished
    desk.exports.tokens.clear()  # DynamoDB is not asked any more
    assert desk.advance() == (True, 0, finished)


def test_a_failed_export_is_told_in_dynamodbs_own_words(desk: Desk) -> None:
    """With what to do."""
    desk.advance()
    desk.exports.fail()
    with pytest.raises(SourceError) as caught:
        desk.advance()
    assert "has failed: S3NoSuchBucket: The specified bucket does not exist" in str(caught.value)
    assert "Run again once that is put right" in str(caught.value)


@pytest.mark.parametrize("code", ["LimitExceededException", "ThrottlingException"])
def test_an_export_that_has_to_queue_is_asked_for_later(code: str, desk: Desk) -> None:
    """DynamoDB does so many at a time."""
    desk.exports.refusal = ClientError({"Error": {"Code": code}}, "ExportTableToPointInTime")
    assert not desk.advance()[0]
    desk.exports.refusal = None
    assert not desk.advance()[0]
    assert len(desk.exports.tokens) == 1


def test_an_instant_that_dynamodb_does_not_know_yet_is_asked_for_again(desk: Desk) -> None:
    """For a while; then it is out of the recovery's range, and said so."""
    said: Any = {"Code": "InvalidExportTimeException", "Message": "not available for specified export time"}
    desk.exports.refusal = ClientError({"Error": said}, "ExportTableToPointInTime")
    assert not desk.advance(now=NOON + timedelta(minutes=14))[0]
    with pytest.raises(
        SourceError, match="InvalidExportTimeException: not available for specified export time"
    ):
        desk.advance(now=NOON + timedelta(minutes=16))


def test_a_look_that_is_throttled_is_repeated_later(desk: Desk) -> None:
    """The export goes on all the while."""
    desk.advance()
    desk.exports.looks = ClientError({"Error": {"Code": "ThrottlingException"}}, "DescribeExport")
    assert not desk.advance()[0]


def test_an_instant_that_is_still_to_come_is_waited_for(desk: Desk) -> None:
    """A run leaves a moment that is taken to the other run, by a second."""
    assert not desk.advance(now=NOON - timedelta(seconds=1))[0]
    assert desk.exports.requests == []


def test_a_refusal_is_told_in_dynamodbs_own_words(desk: Desk) -> None:
    """Such as recovery having been switched off since."""
    said: Any = {
        "Code": "PointInTimeRecoveryUnavailableException",
        "Message": "Point in time recovery is off",
    }
    desk.exports.refusal = ClientError({"Error": said}, "ExportTableToPointInTime")
    with pytest.raises(
        SourceError, match="PointInTimeRecoveryUnavailableException: Point in time recovery is"
    ):
        desk.advance()


def test_a_missing_permission_is_named(desk: Desk) -> None:
    """The action and the table."""
    desk.exports.refusal = ClientError({"Error": {"Code": "AccessDeniedException"}}, "Export")
    with pytest.raises(PermissionDeniedError, match="dynamodb:ExportTableToPointInTime on arn"):
        desk.advance()


def test_an_export_of_an_earlier_run_is_taken_as_it_is(desk: Desk) -> None:
    """Nothing is exported, and this run remembers it as its own."""
    reading = desk.plan.native.model_copy(update={"reused": raw_exports()})
    plan = desk.plan.model_copy(update={"reading": reading})
    assert desk.advance(plan=plan) == (True, 0, raw_exports())
    assert desk.exports.requests == []
    assert load(desk.stage.s3, raw_exports_uri(desk.plan.deployed, "run-1"), RawExports) == raw_exports()


def test_looks_become_rarer_the_longer_it_takes(desk: Desk) -> None:
    """An execution's history is finite: a day of waiting takes fewer than a hundred looks."""
    waited, looks = 0, 0
    while waited < 24 * 3600:
        _, wait, _ = desk.advance(waited=waited)
        assert SHORTEST_WAIT <= wait <= LONGEST_WAIT
        waited, looks = waited + wait, looks + 1
    assert looks < 200


# Changes.

AFTER = NOON + timedelta(days=3)
WINDOWS = windows(NOON, AFTER, is_full=False)


@pytest.fixture
def changes(desk: Desk) -> Desk:
    """A run that exports what was written in four windows."""
    reading = desk.plan.native.model_copy(
        update={"export_time": AFTER, "windows": WINDOWS, "follows": "20261121T120000Z"}
    )
    deployed = desk.plan.deployed.model_copy(update={"kind": "changes"})
    desk.plan = desk.plan.model_copy(update={"reading": reading, "deployed": deployed})
    return desk


def test_every_window_is_exported_side_by_side(changes: Desk) -> None:
    """With both images of each item, under a token of its own."""
    assert not changes.advance(now=AFTER + SETTLED)[0]
    asked = [request["IncrementalExportSpecification"] for request in changes.exports.requests]
    assert [(one["ExportFromTime"], one["ExportToTime"]) for one in asked] == [
        (window.begins, window.ends) for window in WINDOWS
    ]
    assert {one["ExportViewType"] for one in asked} == {"NEW_AND_OLD_IMAGES"}
    assert {request["ExportType"] for request in changes.exports.requests} == {"INCREMENTAL_EXPORT"}
    assert all("ExportTime" not in request for request in changes.exports.requests)
    assert len(changes.exports.tokens) == len(WINDOWS) == 4


def test_a_window_is_asked_for_some_time_after_its_end(changes: Desk) -> None:
    """What was written in it has to be there; windows that ended long ago are not kept waiting."""
    changes.advance(now=AFTER + SETTLED - timedelta(seconds=1))
    assert len(changes.exports.requests) == 3
    changes.advance(now=AFTER + SETTLED)
    assert len(changes.exports.requests) == 4


def test_changes_are_there_when_every_window_is(changes: Desk) -> None:
    """In the windows' order, with what they follow."""
    changes.advance(now=AFTER + SETTLED - timedelta(seconds=1))
    changes.exports.complete()
    assert changes.advance(now=AFTER + SETTLED - timedelta(seconds=1))[2] is None
    done, _, finished = changes.advance(now=AFTER + SETTLED)
    assert done
    assert finished is not None
    assert (finished.follows, finished.export_time) == ("20261121T120000Z", AFTER)
    assert tuple(export.window for export in finished.exports) == WINDOWS
    assert len({export.arn for export in finished.exports}) == 4


def test_one_window_that_fails_fails_the_run(changes: Desk) -> None:
    """There must be no gap."""
    changes.advance(now=AFTER + SETTLED)
    changes.exports.fail()
    with pytest.raises(SourceError, match="has failed: S3NoSuchBucket"):
        changes.advance(now=AFTER + SETTLED)


def test_a_refused_window_is_told_with_its_bounds(changes: Desk) -> None:
    """And with the way out."""
    said: Any = {"Code": "PointInTimeRecoveryUnavailableException", "Message": "is off"}
    changes.exports.refusal = ClientError({"Error": said}, "ExportTableToPointInTime")
    with pytest.raises(SourceError) as caught:
        changes.advance(now=AFTER)
    told = str(caught.value)
    assert "what was written to table 'Reviews' from 2026-11-21 11:58:00 UTC until 2026-11-22 06:00" in told
    assert "full: true" in told
