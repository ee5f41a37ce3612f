"""The arguments of a Glue job run: given by the state machine, parsed by the job's script."""

from collections.abc import Mapping
from typing import ClassVar

from lakeshot.runs.script_arguments import ScriptArguments


class JobArguments(ScriptArguments):
    """What a job run is told.

    ``plan`` is the S3 URI of the run's plan, ``redrive`` how often the execution was redriven, and
    ``region`` where all of it is. ``JOB_RUN_ID`` is what Glue itself adds.
    """

    start_it: ClassVar[str] = "start it through the state machine, not by itself"
    run: str
    plan: str
    redrive: int
    region: str
    JOB_RUN_ID: str

    @classmethod
    def given(cls) -> set[str]:
        """Names of those that whoever starts the job has to give."""
        return cls.model_fields.keys() - {"JOB_RUN_ID"}

    @staticmethod
    def run_of(arguments: Mapping[str, str]) -> str | None:
        """The run that a Glue job run with these arguments belongs to; None if it is of no run."""
        return arguments.get("--run")
