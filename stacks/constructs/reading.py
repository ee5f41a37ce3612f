"""The part of the way a run takes in which the job reads the source, and what it wrote is read back."""

from lakeshot.runs.job_arguments import JobArguments
from lakeshot.runs.plan import MOST_VERIFIERS
from lakeshot.steps.messages import Member, VerifyFilesInput
from stacks.constructs.asl import NOTHING, REDRIVE, State, parameters, path, retry, task

FIRST = "ChooseReading"
JOB_SECONDS = 7 * 24 * 3600 + 3600
"""Glue's own longest timeout and an hour to start; the run's own timeout is the job's parameter."""
REFUSED = (
    "Glue.ConcurrentRunsExceededException",
    "Glue.ThrottlingException",
    "Glue.ResourceNumberLimitExceededException",
)
"""After any other error the job may have started, and Glue takes no token against starting it twice."""
SHARE = parameters(
    VerifyFilesInput,
    plan=path(VerifyFilesInput, "plan"),
    verifier=path(VerifyFilesInput, "verifier"),
    redrive=path(VerifyFilesInput, "redrive"),
)
"""What one verifier is sent."""
ARGUMENTS = {
    "run": path(Member, "run"),
    "plan": path(Member, "plan"),
    "redrive": f"States.Format('{{}}', {REDRIVE})",
    "region": path(Member, "job", "region"),
}
"""Where a job run's arguments come from; Glue takes texts only."""


def states(partition: str, *, verify_share: State, then: str) -> State:
    """Run the job if there is something to read, let the verifiers read the files, then go to ``then``."""
    if ARGUMENTS.keys() != JobArguments.given():
        raise ValueError(
            f"a job run takes {', '.join(JobArguments.model_fields)}, not {', '.join(ARGUMENTS)}"
        )
    job = {
        "JobName.$": path(Member, "job", "name"),
        "Arguments": {f"--{name}.$": value for name, value in ARGUMENTS.items()},
        "NumberOfWorkers.$": path(Member, "job", "workers"),
        "WorkerType.$": path(Member, "job", "worker_type"),
        "Timeout.$": path(Member, "job", "timeout_minutes"),
    }
    return {
        FIRST: {
            "Type": "Choice",
            "Choices": [{"Variable": path(Member, "reads"), "BooleanEquals": True, "Next": "ExportTable"}],
            "Default": "VerifyFiles",
        },
        "ExportTable": task(
            f"arn:{partition}:states:::glue:startJobRun.sync",
            job,
            timeout_seconds=JOB_SECONDS,
            retries=[retry(*REFUSED, seconds=15, longest_seconds=120)],
            catch=None,
            result=NOTHING,
            then="VerifyFiles",
        ),
        "VerifyFiles": {
            "Type": "Map",
            "ItemsPath": path(Member, "verifiers"),
            "ItemSelector": parameters(
                VerifyFilesInput, plan=path(Member, "plan"), verifier="$$.Map.Item.Value", redrive=REDRIVE
            ),
            "MaxConcurrency": MOST_VERIFIERS,
            "ItemProcessor": {
                "ProcessorConfig": {"Mode": "INLINE"},
                "StartAt": "VerifyShare",
                "States": {"VerifyShare": verify_share},
            },
            **NOTHING,
            "Next": then,
        },
    }
