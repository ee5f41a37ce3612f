"""The part of the way a run takes in which the source is read, and what the job wrote is read back."""

from lakeshot.runs.job_arguments import JobArguments
from lakeshot.runs.plan import MOST_VERIFIERS
from lakeshot.steps.messages import Member, NativeExportInput, NativeExportState, VerifyFilesInput
from stacks.constructs.asl import NOTHING, REDRIVE, State, answer, keep, parameters, path, retry, task

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


NATIVE_EXPORT = "$.native_export"
LOOK = parameters(
    NativeExportInput,
    plan=path(Member, "plan"),
    redrive=REDRIVE,
    waited=path(NativeExportState, "waited", root=NATIVE_EXPORT),
)
"""What the native export's step is sent each time."""
LOOKED = keep(NATIVE_EXPORT, answer(NativeExportState))
"""What becomes of its answer."""


def states(partition: str, *, look_at_export: State, verify_share: State, then: str) -> State:
    """Have the table exported and run the job, as the plan says, verify the files, then go to ``then``."""
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
            "Choices": [
                {"Variable": path(Member, "exports"), "BooleanEquals": True, "Next": "BeginNativeExport"},
                {"Variable": path(Member, "reads"), "BooleanEquals": True, "Next": "ExportTable"},
            ],
            "Default": "VerifyFiles",
        },
        "BeginNativeExport": {
            "Type": "Pass",
            "Result": {"waited": 0},
            "ResultPath": NATIVE_EXPORT,
            "Next": "NativeExport",
        },
        "NativeExport": look_at_export,
        "NativeExportDone": {
            "Type": "Choice",
            "Choices": [
                {
                    "Variable": path(NativeExportState, "done", root=NATIVE_EXPORT),
                    "BooleanEquals": True,
                    "Next": "ExportTable",
                }
            ],
            "Default": "WaitForNativeExport",
        },
        "WaitForNativeExport": {
            "Type": "Wait",
            "SecondsPath": path(NativeExportState, "wait_seconds", root=NATIVE_EXPORT),
            "Next": "NativeExport",
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
