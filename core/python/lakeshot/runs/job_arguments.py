"""The arguments of a Glue job run: given by the state machine, parsed by the job's script."""

from collections.abc import Mapping, Sequence
from itertools import pairwise

from lakeshot.errors import PayloadError
from lakeshot.model import Model


class JobArguments(Model):
    """What a job run is told.

    ``plan`` is the S3 URI of the run's plan, ``redrive`` how often the execution was redriven, and
    ``region`` where all of it is. ``JOB_RUN_ID`` is what Glue itself adds.
    """

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

    @classmethod
    def parse(cls, argv: Sequence[str]) -> "JobArguments":
        """The arguments among all that Glue passes to a script, its own included."""
        given = {name.removeprefix("--"): value for name, value in pairwise(argv) if name.startswith("--")}
        missing = sorted(cls.model_fields.keys() - given.keys())
        if missing:
            raise PayloadError(
                f"the job run lacks the arguments {', '.join('--' + name for name in missing)}; "
                "start it through the state machine, not by itself"
            )
        return cls.model_validate({name: given[name] for name in cls.model_fields})
