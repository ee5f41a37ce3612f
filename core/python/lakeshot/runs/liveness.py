"""Whether a run can still do anything: its execution, and every Glue job run it started."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from lakeshot.runs.job_arguments import JobArguments

if TYPE_CHECKING:
    from mypy_boto3_glue.client import GlueClient
    from mypy_boto3_stepfunctions.client import SFNClient

_TOLD = ("executionArn", "status", "input", "error", "cause", "redriveCount")
LIVE_JOB_STATES = frozenset({"STARTING", "RUNNING", "STOPPING", "WAITING"})


@dataclass(frozen=True)
class Seen:
    """An execution as Step Functions describes it, which is eventually consistent.

    ``redrive`` is how often it was redriven, ``detail`` what the event of its end would tell.
    """

    running: bool
    redrive: int
    detail: Mapping[str, object]


@dataclass(frozen=True)
class Liveness:
    """Asks Step Functions and Glue."""

    sfn: "SFNClient"
    glue: "GlueClient"

    def look(self, execution_arn: str) -> Seen | None:
        """How an execution stands, or did a moment ago; None if Step Functions has forgotten it."""
        try:
            found = self.sfn.describe_execution(executionArn=execution_arn)
        except self.sfn.exceptions.ExecutionDoesNotExist:
            return None
        return Seen(
            running=found["status"] == "RUNNING",
            redrive=found.get("redriveCount", 0),
            detail={name: found.get(name) for name in _TOLD if found.get(name) is not None},
        )

    def end_of(self, execution_arn: str) -> Mapping[str, object] | None:
        """How an execution ended, as the detail of its status event; None if it is running.

        One that Step Functions has forgotten counts as failed, for no known reason.
        """
        seen = self.look(execution_arn)
        if seen is None:
            return {"executionArn": execution_arn, "status": "FAILED"}
        return None if seen.running else seen.detail

    def live_job_runs(self, job: str, run: str) -> Iterator[str]:
        """Ids of the runs of a Glue job that belong to a run and have not ended."""
        for page in self.glue.get_paginator("get_job_runs").paginate(JobName=job):
            for job_run in page["JobRuns"]:
                if (
                    JobArguments.run_of(job_run.get("Arguments", {})) == run
                    and job_run["JobRunState"] in LIVE_JOB_STATES
                ):
                    yield job_run["Id"]
