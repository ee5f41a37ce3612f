"""The Glue job of the model: what the real script does, with two parts of two rows instead of a scan."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pyarrow as pa

from lakeshot.columns.schema import arrow_schema
from lakeshot.columns.types import BIGINT, STRING, Column, ColumnType
from lakeshot.commit.commit import commit
from lakeshot.commit.part import PartResult
from lakeshot.dynamodb.table_run import table_commit, table_target
from lakeshot.files.target import Target
from lakeshot.files.writer import PartWriter
from lakeshot.runs.progress import ProgressRecorder
from lakeshot.runs.records import RunTable
from lakeshot.steps.entering import enter

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.client import DynamoDBClient
    from mypy_boto3_s3.client import S3Client

PARTS, ROWS = 2, 2
KINDS = {"numbers": (BIGINT, BIGINT), "texts": (STRING, STRING), "both": (BIGINT, STRING)}
"""The type of the second column in either part. Those of one kind cannot share a table with the others."""


def rows_of_job(job_run: str) -> list[str]:
    """The ids of all rows that a job run reads."""
    return [row for part in range(PARTS) for row in _rows(job_run, part)]


def run_job(
    s3: "S3Client", dynamodb: "DynamoDBClient", plan_uri: str, *, redrive: int, job_run: str, kind: str
) -> None:
    """Read, write, commit, as ``glue_scripts/dynamodb.py`` does."""
    run = enter(s3, dynamodb, plan_uri, redrive=redrive, now=datetime.now(UTC))
    plan = run.plan
    run.claim()
    records = RunTable(dynamodb, plan.deployed.stage_names.run_table)
    records.update(plan.deployed.export, plan.run, job_run_id=job_run)
    known = run.baseline_columns()
    progress = ProgressRecorder(records, export=plan.deployed.export, run=plan.run)
    target = table_target(plan, known)
    results = [_part(s3, target, job_run, part, KINDS[kind][part]) for part in range(PARTS)]
    progress.write()
    what = table_commit(plan, known, parts=PARTS, expected_from="the test")
    committed = commit(s3, what, results, guard=run.check, now=lambda: datetime.now(UTC))
    run.commit(committed)


def _rows(job_run: str, part: int) -> list[str]:
    return [f"{job_run}/{part}/{row}" for row in range(ROWS)]


def _part(s3: "S3Client", target: Target, job_run: str, part: int, kind: ColumnType) -> PartResult:
    columns = (
        Column(name="id", source="Id", type=STRING),
        Column(name="stars", source="Stars", type=kind),
    )
    rows = _rows(job_run, part)

    def typed(_: Sequence[pa.Table]) -> tuple[pa.Table, tuple[Column, ...]]:
        schema = arrow_schema(columns)
        stars = pa.array(range(ROWS)).cast(schema.field("stars").type)
        return pa.Table.from_arrays([pa.array(rows, schema.field("id").type), stars], schema=schema), columns

    with PartWriter(s3, target, part, typed) as writer:
        writer.write(pa.table({"raw": ["x"] * ROWS}))
        files = writer.finish()
    return PartResult(
        part=part,
        attempt=0,
        files=files,
        rows=ROWS,
        source_count=ROWS,
        scanned_count=ROWS,
        consumed_units=1.0,
        pages=1,
        seconds=1.0,
    )
