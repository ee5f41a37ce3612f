"""The part of the way a run takes in which the job reads the source, and what it wrote is read back."""

from lakeshot.runs.plan import MOST_VERIFIERS
from lakeshot.steps.messages import Planned, VerifyFilesInput
from stacks.constructs.asl import NOTHING, State, keep, parameters, path, retry, task

FIRST = "ExportTable"
JOB_RUN = "$.job_run"
"""Where the states leave what Glue says of the finished job run."""
JOB_SECONDS = 7 * 24 * 3600 + 3600
"""Glue's own longest timeout and an hour to start; the run's own timeout is the job's parameter."""
REFUSED = (
    "Glue.ConcurrentRunsExceededException",
    "Glue.ThrottlingException",
    "Glue.ResourceNumberLimitExceededException",
)
"""After any other error the job may have started, and Glue takes no token against starting it twice."""
SHARE = parameters(
    VerifyFilesInput, plan=path(VerifyFilesInput, "plan"), verifier=path(VerifyFilesInput, "verifier")
)
"""What one verifier is sent."""


def states(partition: str, *, verify_share: State, catch: State, then: str) -> State:
    """Run the job, let the verifiers read its files side by side, then go to ``then``."""
    job = {
        "JobName": path(Planned, "job", "name"),
        "Arguments": path(Planned, "job", "arguments"),
        "NumberOfWorkers": path(Planned, "job", "workers"),
        "WorkerType": path(Planned, "job", "worker_type"),
        "Timeout": path(Planned, "job", "timeout_minutes"),
    }
    return {
        FIRST: task(
            f"arn:{partition}:states:::glue:startJobRun.sync",
            {f"{name}.$": value for name, value in job.items()},
            timeout_seconds=JOB_SECONDS,
            retries=[retry(*REFUSED, seconds=15, longest_seconds=120)],
            catch=catch,
            result=keep(JOB_RUN),
            then="VerifyFiles",
        ),
        "VerifyFiles": {
            "Type": "Map",
            "ItemsPath": path(Planned, "verifiers"),
            "ItemSelector": parameters(
                VerifyFilesInput, plan=path(Planned, "plan"), verifier="$$.Map.Item.Value"
            ),
            "MaxConcurrency": MOST_VERIFIERS,
            "ItemProcessor": {
                "ProcessorConfig": {"Mode": "INLINE"},
                "StartAt": "VerifyShare",
                "States": {"VerifyShare": verify_share},
            },
            "Catch": [catch],
            **NOTHING,
            "Next": then,
        },
    }
