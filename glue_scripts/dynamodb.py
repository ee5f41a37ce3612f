"""The Glue job that exports a DynamoDB table: arguments, parts, Spark distributes, commit."""

import logging
import secrets
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

from lakeshot.commit.part import PartResult
from lakeshot.dynamodb.export_parts import ExportPart
from lakeshot.dynamodb.export_work import export_work
from lakeshot.dynamodb.raw_export import RawExports
from lakeshot.dynamodb.scan import ScanPart
from lakeshot.dynamodb.scan_run import scan_work
from lakeshot.dynamodb.segments import task_slots
from lakeshot.dynamodb.table_run import Driver, Work, table_commit
from lakeshot.files.target import Target
from lakeshot.rate.budget import ReadBudget
from lakeshot.rate.server import BudgetServer
from lakeshot.runs.plan import NativeReading, Plan, raw_exports_uri
from lakeshot.runs.progress import ProgressRecorder
from lakeshot.stored import load
from lakeshot_spark.distribution import distribute, driver_host
from lakeshot_spark.job import Job

if TYPE_CHECKING:
    from mypy_boto3_s3.client import S3Client

log = logging.getLogger("lakeshot")


def main(argv: Sequence[str]) -> None:
    """Export the table that the run's plan names."""
    job = Job.entered(argv)
    plan = job.plan
    work = work_of(plan, job.s3)
    known = job.run.baseline_columns()
    what = table_commit(plan, known, parts=len(work.parts), expected_from=work.expected_from)
    progress = job.progress()
    results = read(work, what.target, job.region, progress)
    progress.write()
    log.info("run %s read %d items", plan.run, sum(result.source_count for result in results))
    job.commit(what, results)


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


if __name__ == "__main__":
    main(sys.argv)
