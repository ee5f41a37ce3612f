"""A Glue job inside its run: what every source's job does before it reads and after it has read."""

import logging
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING, Self

import boto3

from lakeshot.commit.commit import Commit, commit
from lakeshot.commit.part import PartResult
from lakeshot.commit.rewrite import Rewrite
from lakeshot.files.upload import UncommittedFile
from lakeshot.runs.job_arguments import JobArguments
from lakeshot.runs.plan import Plan
from lakeshot.runs.progress import ProgressRecorder
from lakeshot.runs.records import RunTable
from lakeshot.steps.entering import EnteredRun, enter
from lakeshot.worker_process import s3_client
from lakeshot_spark.distribution import distribute

if TYPE_CHECKING:
    from mypy_boto3_s3.client import S3Client

log = logging.getLogger("lakeshot")


@dataclass(frozen=True)
class Job:
    """One run of a Glue job, which has entered its run and claimed the moment."""

    session: boto3.Session
    s3: "S3Client"
    run: EnteredRun
    records: RunTable
    region: str

    @classmethod
    def entered(cls, argv: Sequence[str]) -> Self:
        """The job that these arguments start."""
        arguments = JobArguments.parse(argv)
        # Not every process of a Glue job has a region in its environment.
        session = boto3.Session(region_name=arguments.region)
        s3, dynamodb = session.client("s3"), session.client("dynamodb")
        run = enter(s3, dynamodb, arguments.plan, redrive=arguments.redrive, now=datetime.now(UTC))
        plan = run.plan
        # Only our own log: at DEBUG an SDK prints credentials, and rows.
        form = "%(asctime)s %(levelname)s %(message)s"
        logging.basicConfig(stream=sys.stdout, level="WARNING", format=form)
        log.setLevel(plan.deployed.log_level)
        log.info("run %s reads %s as planned: %s", plan.run, plan.deployed.source.name, plan.reading)
        run.claim()
        records = RunTable(dynamodb, plan.deployed.stage_names.run_table)
        records.update(plan.deployed.export, plan.run, job_run_id=arguments.JOB_RUN_ID)
        return cls(session=session, s3=s3, run=run, records=records, region=arguments.region)

    @property
    def plan(self) -> Plan:
        """What the run is to do."""
        return self.run.plan

    def progress(self) -> ProgressRecorder:
        """What tells the run record how far the reading is, from now on."""
        return ProgressRecorder(self.records, export=self.plan.deployed.export, run=self.plan.run)

    def tell(self, **fields: object) -> None:
        """Have the run record say so."""
        self.records.update(self.plan.deployed.export, self.plan.run, **fields)

    def commit(self, what: Commit, results: Sequence[PartResult]) -> None:
        """Make what was read the run's snapshot."""
        committed = commit(
            self.s3,
            what,
            results,
            guard=self.run.check,
            now=lambda: datetime.now(UTC),
            distribute=partial(_rewrite_everywhere, self.region),
        )
        self.run.commit(committed)
        manifest = committed.manifest
        log.info("run %s committed %d rows in %d files", manifest.run, manifest.rows, len(manifest.files))


def _rewrite_everywhere(
    region: str,
    rewrite: Callable[["S3Client", Rewrite], UncommittedFile],
    files: Sequence[Rewrite],
) -> list[UncommittedFile]:
    """Spread the files that have to be written again over all workers."""
    return distribute(lambda file, _: rewrite(s3_client(region), file), files)
