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
from lakeshot.dynamodb.scan_run import ScanWorker, scan_commit, scan_parts, scan_target
from lakeshot.files.upload import UncommittedFile
from lakeshot.rate.budget import ReadBudget
from lakeshot.rate.server import BudgetServer
from lakeshot.runs.job_arguments import JobArguments
from lakeshot.runs.lock import Lock
from lakeshot.runs.plan import Plan
from lakeshot.runs.progress import ProgressRecorder
from lakeshot.runs.records import RunTable
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
    plan = load(s3, arguments.plan, Plan)
    # Only our own log: at DEBUG an SDK prints credentials, and rows.
    logging.basicConfig(stream=sys.stdout, level="WARNING", format="%(asctime)s %(levelname)s %(message)s")
    log.setLevel(plan.deployed.log_level)
    run_table = plan.deployed.stage_names.run_table
    lock = Lock(dynamodb, table=run_table, export=plan.deployed.export)
    progress = ProgressRecorder(RunTable(dynamodb, run_table), export=plan.deployed.export, run=plan.run)
    log.info("run %s reads %s in %d segments at %s", plan.run, plan.source.name, plan.segments, plan.rate)

    lock.check(run=plan.run, fence=plan.fence)
    results = read(plan, arguments.region, progress)
    progress.write()
    log.info("run %s read %d items", plan.run, sum(result.source_count for result in results))

    manifest = commit(
        s3,
        scan_commit(plan),
        results,
        guard=lambda: lock.check(run=plan.run, fence=plan.fence),
        now=lambda: datetime.now(UTC),
        distribute=partial(rewrite_everywhere, arguments.region),
    )
    log.info("run %s committed %d rows in %d files", plan.run, manifest.rows, len(manifest.files))


def read(plan: Plan, region: str, progress: ProgressRecorder) -> list[PartResult]:
    """Read every segment within one budget."""
    key = secrets.token_bytes(32)
    budget = ReadBudget(plan.rate.units_per_second, on_progress=progress.report)
    with BudgetServer(budget, key, host=driver_host()) as server:
        worker = ScanWorker(
            target=scan_target(plan), region=region, budget_address=server.address, budget_key=key
        )
        return distribute(worker, scan_parts(plan))


def rewrite_everywhere(
    region: str,
    rewrite: Callable[["S3Client", Rewrite], UncommittedFile],
    files: Sequence[Rewrite],
) -> list[UncommittedFile]:
    """Spread the files that have to be written again over all workers."""
    return distribute(lambda file, _: rewrite(boto3.client("s3", region_name=region), file), files)


if __name__ == "__main__":
    main(sys.argv)
