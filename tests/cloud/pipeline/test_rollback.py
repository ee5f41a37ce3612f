"""Rollbacks: the view shows an earlier snapshot again if that still is what was verified."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import pytest

from lakeshot.lake.view import GlueView, ViewDefinition
from lakeshot.names import split_s3_uri
from lakeshot.runs.keys import export_key, item_key
from tests.cloud.local.account import wait_for
from tests.cloud.pipeline.pipeline import BUCKET, DATABASE, NAMES, Ended, Pipeline

pytestmark = pytest.mark.cloud

NEVER_VERIFIED = "20200101T000000Z"


@dataclass(frozen=True)
class Rolled:
    """The export that is rolled back: names of its first three snapshots, of which two are retained."""

    removed: str
    retained: str
    newest: str


@pytest.fixture(scope="module")
def rolled(pipeline: Pipeline) -> Rolled:
    """Two snapshots with different columns, a rollback to the first, and a third snapshot."""
    pipeline.make_table("Rolled", [{"Id": {"S": "a"}, "Early": {"N": "1"}}])
    first = published(pipeline, pipeline.succeed("rolled"))
    put(pipeline, {"Id": {"S": "a"}, "Late": {"S": "two"}})
    second = published(pipeline, pipeline.succeed("rolled"))
    assert rows(pipeline) == [{"early": None, "id": "a", "late": "two", "snapshot_timestamp": second}]

    back = pipeline.run("rolled", mode="rollback", snapshot=first)
    assert back.status == "SUCCEEDED", back
    assert rows(pipeline) == [{"early": 1, "id": "a", "snapshot_timestamp": first}]
    pipeline.assert_settled("rolled", shown=first, kept=[first, second])
    states = pipeline.states(back.run)
    assert "VerifyShare" in states
    assert "ExportTable" not in states
    record = pipeline.record("rolled", back.run)
    assert (record.mode, record.snapshot, record.rows, record.job_run_id) == ("rollback", first, 1, None)

    put(pipeline, {"Id": {"S": "b"}, "Late": {"S": "three"}})
    third = published(pipeline, pipeline.succeed("rolled"))
    pipeline.assert_settled("rolled", shown=third, kept=[third, second])
    return Rolled(removed=first, retained=second, newest=third)


def put(pipeline: Pipeline, item: dict[str, dict[str, str]]) -> None:
    pipeline.client("dynamodb").put_item(TableName="Rolled", Item=item)


def published(pipeline: Pipeline, run: str) -> str:
    snapshot = str(pipeline.record("rolled", run).snapshot)
    assert pipeline.pointer("rolled").snapshot == snapshot
    return snapshot


def rows(pipeline: Pipeline) -> list[dict[str, object]]:
    """What the view shows, its columns in alphabetical order."""
    return [dict(sorted(row.items())) for row in pipeline.rows('SELECT * FROM "rolled"')]


def view(pipeline: Pipeline) -> ViewDefinition | None:
    return GlueView(pipeline.client("glue"), DATABASE, "rolled").definition()


def refused(pipeline: Pipeline, rolled: Rolled, snapshot: str) -> Ended:
    """A rollback that has to fail, and to leave everything as it was."""
    before = view(pipeline)
    ended = pipeline.run("rolled", mode="rollback", snapshot=snapshot)
    assert ended.status == "FAILED"
    assert view(pipeline) == before
    assert pipeline.pointer("rolled").protected == {rolled.newest}
    assert pipeline.holder("rolled") is None
    record = pipeline.record("rolled", ended.run)
    assert record.state == "FAILED"
    assert record.error
    assert f"The view 'rolled' still shows snapshot {rolled.newest}" in pipeline.notice(ended.run)
    return ended


@contextmanager
def changed(pipeline: Pipeline, uri: str) -> Iterator[None]:
    """Another number of rows in a manifest for a while."""
    bucket, key = split_s3_uri(uri)
    body = edit(pipeline, uri)
    try:
        yield
    finally:
        pipeline.client("s3").put_object(Bucket=bucket, Key=key, Body=body)


def edit(pipeline: Pipeline, uri: str) -> bytes:
    """Change a manifest by hand and return what it was."""
    bucket, key = split_s3_uri(uri)
    s3 = pipeline.client("s3")
    body: bytes = s3.get_object(Bucket=bucket, Key=key)["Body"].read()
    s3.put_object(Bucket=bucket, Key=key, Body=body.replace(b'"rows":', b'"rows":1'))
    return body


def test_what_never_was_verified_or_is_gone_cannot_be_shown(pipeline: Pipeline, rolled: Rolled) -> None:
    """The message lists what can be; an entry that somebody put there by hand is told apart."""
    table = pipeline.client("dynamodb")
    key = item_key(export_key("rolled"), f"snapshot#{NEVER_VERIFIED}")
    there = f"those that can be shown again are: {rolled.newest}, {rolled.retained}"
    for state in ("claimed", "committed"):
        entry = {**key, "run": {"S": "by-hand"}, "state": {"S": state}}
        table.put_item(TableName=NAMES.run_table, Item=entry)
        ended = refused(pipeline, rolled, NEVER_VERIFIED)
        assert ended.error == "PayloadError"
        assert f"to snapshot {NEVER_VERIFIED}: it was never verified; {there}" in ended.cause
    table.delete_item(TableName=NAMES.run_table, Key=key)
    ended = refused(pipeline, rolled, rolled.removed)
    assert ended.error == "PayloadError"
    assert f"to snapshot {rolled.removed}: it does not exist, or not any more; {there}" in ended.cause
    ended = refused(pipeline, rolled, "2026-11-21")
    assert ended.error == "PayloadError"
    assert "field 'snapshot'" in ended.cause
    assert "such as 20261121T120000Z" in ended.cause
    pipeline.assert_settled("rolled", shown=rolled.newest, kept=[rolled.newest, rolled.retained])


def test_what_was_changed_by_hand_is_not_shown_again(pipeline: Pipeline, rolled: Rolled) -> None:
    """The manifest by its checksum, a data file by being read back; restored, it can be shown."""
    entry = pipeline.snapshots("rolled").get(rolled.retained)
    assert entry is not None
    with changed(pipeline, str(entry.manifest)):
        ended = refused(pipeline, rolled, rolled.retained)
        assert ended.error == "CommitError"
        assert f"{entry.manifest} was changed after it was committed" in ended.cause
    s3 = pipeline.client("s3")
    [file] = pipeline.manifest("rolled", rolled.retained).files
    body = s3.get_object(Bucket=BUCKET, Key=file.key)["Body"].read()
    s3.delete_object(Bucket=BUCKET, Key=file.key)
    ended = refused(pipeline, rolled, rolled.retained)
    assert ended.error == "VerificationError"
    assert f"s3://{BUCKET}/{file.key} is gone although it was committed" in ended.cause
    s3.put_object(Bucket=BUCKET, Key=file.key, Body=body)

    back = pipeline.run("rolled", mode="rollback", snapshot=rolled.retained)
    assert back.status == "SUCCEEDED", back
    pipeline.assert_settled("rolled", shown=rolled.retained, kept=[rolled.newest, rolled.retained])
    forth = pipeline.run("rolled", mode="rollback", snapshot=rolled.newest)
    assert forth.status == "SUCCEEDED", forth


def test_a_manifest_that_is_changed_before_it_is_verified_is_not_published(
    pipeline: Pipeline, rolled: Rolled
) -> None:
    """Edited between commit and verification, in a run that goes on right after."""
    with pipeline.held_before("verify_files"):
        run = pipeline.start("rolled")
        wait_for(lambda: pipeline.states(run), lambda states: "VerifyShare" in states, seconds=300)
        snapshot = str(pipeline.record("rolled", run).snapshot)
        entry = pipeline.snapshots("rolled").get(snapshot)
        assert entry is not None
        edit(pipeline, str(entry.manifest))
    failed = pipeline.end(run)
    assert (failed.status, failed.error) == ("FAILED", "CommitError")
    assert f"{entry.manifest} was changed after it was committed" in failed.cause
    pipeline.assert_settled("rolled", shown=rolled.newest, kept=[rolled.newest, rolled.retained])
