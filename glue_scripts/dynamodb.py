"""The Glue job that exports a DynamoDB table: arguments, parts, Spark distributes, commit."""

import logging
import secrets
import sys
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING

import boto3

from lakeshot.commit.commit import commit
from lakeshot.commit.part import PartResult
from lakeshot.commit.rewrite import Rewrite
from lakeshot.dynamodb.export_parts import ExportPart
from lakeshot.dynamodb.export_work import export_work
from lakeshot.dynamodb.raw_export import RawExports
from lakeshot.dynamodb.scan import ScanPart
from lakeshot.dynamodb.scan_run import scan_work
from lakeshot.dynamodb.segments import task_slots
from lakeshot.dynamodb.table_run import Driver, Work, run_commit
from lakeshot.dynamodb.worker_process import s3_client
from lakeshot.files.target import Target
from lakeshot.files.upload import UncommittedFile
from lakeshot.rate.budget import ReadBudget
from lakeshot.rate.server import BudgetServer
from lakeshot.runs.job_arguments import JobArguments
from lakeshot.runs.plan import NativeReading, Plan, raw_exports_uri
from lakeshot.runs.progress import ProgressRecorder
from lakeshot.runs.records import RunTable
from lakeshot.steps.entering import enter
from lakeshot.stored import load
from lakeshot_spark.distribution import distribute, driver_host

if TYPE_CHECKING:
    from mypy_boto3_s3.client import S3Client

log = logging.getLogger("lakeshot")


def main(argv: Sequence[str]) -> None:
    """Export the table that the run's plan names."""
    arguments = JobArguments.parse(argv)
    # Not every process of a Glue job has a region in its environment.
    session = boto3.Session(region_name=arguments.region)
    s3, dynamodb = session.client("s3"), session.client("dynamodb")
    run = enter(s3, dynamodb, arguments.plan, redrive=arguments.redrive, now=datetime.now(UTC))
    plan = run.plan
    # Only our own log: at DEBUG an SDK prints credentials, and rows.
    logging.basicConfig(stream=sys.stdout, level="WARNING", format="%(asctime)s %(levelname)s %(message)s")
    log.setLevel(plan.deployed.log_level)
    log.info("run %s reads %s as planned: %s", plan.run, plan.source.name, plan.reading)
    run.claim()
    records = RunTable(dynamodb, plan.deployed.stage_names.run_table)
    records.update(plan.deployed.export, plan.run, job_run_id=arguments.JOB_RUN_ID)

    work = work_of(plan, s3)
    what = run_commit(plan, run.baseline_columns(), parts=len(work.parts), expected_from=work.expected_from)
    progress = ProgressRecorder(records, export=plan.deployed.export, run=plan.run)
    results = read(work, what.target, arguments.region, progress)
    progress.write()
    log.info("run %s read %d items", plan.run, sum(result.source_count for result in results))

    committed = commit(
        s3,
        what,
        results,
        guard=run.check,
        now=lambda: datetime.now(UTC),
        distribute=partial(rewrite_everywhere, arguments.region),
    )
    run.commit(committed)
    manifest = committed.manifest
    log.info("run %s committed %d rows in %d files", plan.run, manifest.rows, len(manifest.files))


def work_of(plan: Plan, s3: "S3Client") -> Work[ScanPart] | Work[ExportPart]:
    """What the plan's way of reading comes to: segments to scan, or files that DynamoDB has written."""
    if isinstance(plan.reading, NativeReading):
        finished = load(s3, raw_exports_uri(plan.deployed, plan.run), RawExports)
        slots = task_slots(plan.workers, plan.deployed.worker_type)
        return export_work(s3, plan.reading, finished, slots=slots)
    return scan_work(plan.scan)


def read(
    work: Work[ScanPart] | Work[ExportPart], target: Target, region: str, progress: ProgressRecorder
) -> list[PartResult]:
    """Do every part, within one budget."""
    key = secrets.token_bytes(32)
    budget = ReadBudget(work.units_per_second, on_progress=progress.report)
    with BudgetServer(budget, key, host=driver_host()) as server:
        return work.done(distribute, target=target, region=region, driver=Driver(server.address, key))


def rewrite_everywhere(
    region: str,
    rewrite: Callable[["S3Client", Rewrite], UncommittedFile],
    files: Sequence[Rewrite],
) -> list[UncommittedFile]:
    """Spread the files that have to be written again over all workers."""
    return distribute(lambda file, _: rewrite(s3_client(region), file), files)


if __name__ == "__main__":
    main(sys.argv)
