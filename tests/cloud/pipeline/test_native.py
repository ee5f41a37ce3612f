"""Tables that DynamoDB exports itself: what it wrote is checked, converted, and converted again on demand."""

import gzip
import json
import time
from collections.abc import Mapping
from typing import Any

import pytest

from lakeshot.commit.manifest import Manifest
from lakeshot.dynamodb.raw_export import RawExport, RawExports
from lakeshot.runs.plan import raw_exports_uri
from lakeshot.stored import load
from tests.cloud.local.account import wait_for
from tests.cloud.pipeline.pipeline import BUCKET, Pipeline

pytestmark = pytest.mark.cloud

ITEMS: list[dict[str, Any]] = [
    {
        "Id": {"S": f"r-{number:03d}"},
        "Stars": {"N": str(number % 5)},
        **({"Text": {"S": 'line\n"two"'}} if number % 2 else {}),
        **({"Where": {"M": {"city": {"S": "Zürich"}}}} if number % 3 == 0 else {}),
    }
    for number in range(300)
]


def make_recoverable(pipeline: Pipeline, table: str, items: list[dict[str, Any]], **tags: str) -> str:
    """An on-demand table with point-in-time recovery; its ARN."""
    pipeline.make_table(table)
    dynamodb = pipeline.client("dynamodb")
    dynamodb.update_continuous_backups(
        TableName=table, PointInTimeRecoverySpecification={"PointInTimeRecoveryEnabled": True}
    )
    arn: str = dynamodb.describe_table(TableName=table)["Table"]["TableArn"]
    if tags:
        given = [
            {"Key": f"lakeshot-local:{name.replace('_', '-')}", "Value": value}
            for name, value in tags.items()
        ]
        dynamodb.tag_resource(ResourceArn=arn, Tags=given)
    for item in items:
        dynamodb.put_item(TableName=table, Item=item)
    time.sleep(1)  # an export is as of a whole second
    return arn


def exports_of(pipeline: Pipeline, table_arn: str) -> list[Mapping[str, Any]]:
    """Every native export of a table."""
    dynamodb = pipeline.client("dynamodb")
    listed = dynamodb.list_exports(TableArn=table_arn)["ExportSummaries"]
    return [dynamodb.describe_export(ExportArn=one["ExportArn"])["ExportDescription"] for one in listed]


def raw_export(pipeline: Pipeline, export: str, run: str) -> RawExport:
    uri = raw_exports_uri(pipeline.deployed(export), run)
    (found,) = load(pipeline.client("s3"), uri, RawExports).exports
    return found


def largest_data_file(pipeline: Pipeline, export: RawExport) -> str:
    """The key of the data file that holds most items."""
    s3 = pipeline.client("s3")
    summary = json.loads(s3.get_object(Bucket=BUCKET, Key=export.manifest_key)["Body"].read())
    listed = s3.get_object(Bucket=BUCKET, Key=summary["manifestFilesS3Key"])["Body"].read().splitlines()
    files = [json.loads(line) for line in listed]
    return str(max(files, key=lambda file: int(file["itemCount"]))["dataFileS3Key"])


def manifest(pipeline: Pipeline, export: str, run: str) -> Manifest:
    return pipeline.manifest(export, str(pipeline.record(export, run).snapshot))


def test_a_table_with_recovery_is_exported_as_it_was_at_one_instant(pipeline: Pipeline) -> None:
    """By DynamoDB itself, without a read unit; what is written after the run's moment is not in it."""
    arn = make_recoverable(pipeline, "Recovered", ITEMS)
    run = pipeline.start("recovered")
    pipeline.record("recovered", run)
    wait_for(lambda: exports_of(pipeline, arn), bool)
    pipeline.client("dynamodb").put_item(TableName="Recovered", Item={"Id": {"S": "too-late"}})
    ended = pipeline.end(run)
    assert ended.status == "SUCCEEDED", ended.cause
    (export,) = exports_of(pipeline, arn)
    shown = pipeline.rows('SELECT id, stars, text, "where" FROM "recovered" ORDER BY id')
    assert shown == [
        {
            "id": item["Id"]["S"],
            "stars": int(item["Stars"]["N"]),
            "text": item["Text"]["S"] if "Text" in item else None,
            "where": '{"city":"Zürich"}' if "Where" in item else None,
        }
        for item in ITEMS
    ]
    made = manifest(pipeline, "recovered", run)
    assert (made.moment, made.consumed_units) == (export["ExportTime"], 0.0)
    assert made.expected_from.endswith("in the export's own manifest")
    record = pipeline.record("recovered", run)
    assert (record.route, record.route_from) == ("native", "the table has point-in-time recovery")
    assert (record.rows_done, record.rows_expected, record.exported_bytes) == (
        300,
        300,
        export["BilledSizeBytes"],
    )
    assert record.units_consumed == 0
    pipeline.assert_settled("recovered", shown=record.snapshot, kept=[str(record.snapshot)])


def test_route_native_without_recovery_is_refused_before_anything_is_read(pipeline: Pipeline) -> None:
    """With the command that switches it on."""
    pipeline.make_table("Unrecoverable", ITEMS[:1])
    ended = pipeline.run("unrecoverable")
    assert (ended.status, ended.error) == ("FAILED", "SourceError")
    assert "has no point-in-time recovery" in ended.cause
    assert "update-continuous-backups --table-name Unrecoverable" in ended.cause
    pipeline.assert_settled("unrecoverable", shown=None, kept=[])


@pytest.fixture(scope="module")
def converted(pipeline: Pipeline) -> str:
    """A run of ``reconverted`` that succeeded."""
    make_recoverable(pipeline, "Reconverted", ITEMS)
    return pipeline.succeed("reconverted")


def damaged(body: bytes) -> bytes:
    """Another item than DynamoDB wrote, in a file that is sound in itself."""
    return gzip.compress(gzip.decompress(body).replace(b"r-", b"x-"))


@pytest.mark.parametrize(
    ("damage", "told"),
    [
        (damaged, "was cut off or changed after DynamoDB wrote it"),
        (lambda body: body[:-20], "was cut off or changed after DynamoDB wrote it"),
        (None, "the export's manifest names"),
    ],
    ids=["changed", "truncated", "missing"],
)
def test_a_data_file_that_is_not_what_dynamodb_wrote_stops_the_run(
    damage: Any, told: str, pipeline: Pipeline, converted: str
) -> None:
    """Nothing is published of it; once it is there again, it is converted without another export."""
    s3 = pipeline.client("s3")
    export = raw_export(pipeline, "reconverted", converted)
    key = largest_data_file(pipeline, export)
    body = s3.get_object(Bucket=BUCKET, Key=key)["Body"].read()
    before, first = pipeline.pointer("reconverted").snapshot, manifest(pipeline, "reconverted", converted)
    try:
        if damage is None:
            s3.delete_object(Bucket=BUCKET, Key=key)
        else:
            s3.put_object(Bucket=BUCKET, Key=key, Body=damage(body))
        ended = pipeline.run("reconverted", reuse_export=converted)
    finally:
        s3.put_object(Bucket=BUCKET, Key=key, Body=body)
    assert ended.status == "FAILED"
    assert told in str(pipeline.record("reconverted", ended.run).error)
    assert pipeline.pointer("reconverted").snapshot == before
    again = pipeline.succeed("reconverted", reuse_export=converted)
    made = manifest(pipeline, "reconverted", again)
    assert (made.moment, made.rows) == (first.moment, len(ITEMS))
    assert pipeline.pointer("reconverted").snapshot == made.snapshot > str(before)
    assert len(exports_of(pipeline, export.table_arn)) == 1


def test_an_export_that_never_was_cannot_be_converted_again(pipeline: Pipeline, converted: str) -> None:
    """It says what is wrong with the payload."""
    ended = pipeline.run("reconverted", reuse_export="run-of-nobody")
    assert (ended.status, ended.error) == ("FAILED", "PayloadError")
    assert "has no run of this name whose native export has finished" in ended.cause


def test_an_export_that_fails_is_told_in_dynamodbs_own_words(pipeline: Pipeline) -> None:
    """Here the role may not write where the export goes."""
    make_recoverable(pipeline, "Unwritable", ITEMS[:3])
    objects = f"arn:aws:s3:::{BUCKET}/dynamodb_exports/*"
    with pipeline.denied("unwritable-job", "s3:PutObject", objects):
        ended = pipeline.run("unwritable")
    assert (ended.status, ended.error) == ("FAILED", "SourceError")
    assert "DynamoDB's export of table 'Unwritable' has failed: S3AccessDenied: " in ended.cause
    pipeline.assert_settled("unwritable", shown=None, kept=[])


def test_a_run_that_is_stopped_while_its_table_is_exported_leaves_nothing(pipeline: Pipeline) -> None:
    """DynamoDB's export goes on, because nobody can stop one; the next run makes its own."""
    arn = make_recoverable(pipeline, "Endless", ITEMS[:3], export_minutes="100000")
    run = pipeline.start("endless")
    wait_for(lambda: exports_of(pipeline, arn), bool)
    wait_for(lambda: pipeline.states(run), lambda states: "WaitForNativeExport" in states)
    pipeline.abort("endless", run)
    assert pipeline.record("endless", run).step == "native export"
    assert "ExportTable" not in pipeline.states(run)
    pipeline.assert_settled("endless", shown=None, kept=[])


def test_the_members_of_a_group_are_exported_as_of_one_instant(pipeline: Pipeline) -> None:
    """Which is the moment of all."""
    arns = [make_recoverable(pipeline, table, ITEMS[:5]) for table in ("PairLeft", "PairRight")]
    ended = pipeline.end(pipeline.start_with(pipeline.group_payload("pair")))
    assert ended.status == "SUCCEEDED", ended.cause
    instants = {export["ExportTime"] for arn in arns for export in exports_of(pipeline, arn)}
    assert len(instants) == 1
    made = [manifest(pipeline, export, ended.run) for export in ("pair-left", "pair-right")]
    assert {one.moment for one in made} == instants
    assert {one.moment_from for one in made} == {
        "the ExportTime of DynamoDB's own export; the table as it was at that instant"
    }
    assert pipeline.number('SELECT count(*) FROM "pair"') == 2
