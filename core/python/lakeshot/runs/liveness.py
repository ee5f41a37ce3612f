"""Whether a run can still do anything: its execution, and every Glue job run it started."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from lakeshot.runs.job_arguments import JobArguments
from lakeshot.runs.lock import Holder

if TYPE_CHECKING:
    from mypy_boto3_glue.client import GlueClient
    from mypy_boto3_stepfunctions.client import SFNClient

LIVE_JOB_STATES = frozenset({"STARTING", "RUNNING", "STOPPING", "WAITING"})


@dataclass(frozen=True)
class Liveness:
    """Asks Step Functions and Glue."""

    sfn: "SFNClient"
    glue: "GlueClient"

    def is_dead(self, holder: Holder, job: str) -> bool:
        """True only if the execution is over and no run of the Glue job ``job`` that it started lives."""
        return self.execution_ended(holder.execution_arn) and not list(self.live_job_runs(job, holder.run))

    def execution_ended(self, execution_arn: str) -> bool:
        """Whether the execution is closed; one that Step Functions has forgotten is."""
        try:
            return self.sfn.describe_execution(executionArn=execution_arn)["status"] != "RUNNING"
        except self.sfn.exceptions.ExecutionDoesNotExist:
            return True

    def live_job_runs(self, job: str, run: str) -> Iterator[str]:
        """Ids of the runs of a Glue job that belong to a run and have not ended."""
        for page in self.glue.get_paginator("get_job_runs").paginate(JobName=job):
            for job_run in page["JobRuns"]:
                if (
                    JobArguments.run_of(job_run.get("Arguments", {})) == run
                    and job_run["JobRunState"] in LIVE_JOB_STATES
                ):
                    yield job_run["Id"]
