"""The arguments of a Glue job run: rendered by the plan step, parsed by the job's script."""

from collections.abc import Mapping, Sequence
from itertools import pairwise

from lakeshot.errors import PayloadError
from lakeshot.model import Model


class JobArguments(Model):
    """What a job run is told. ``plan`` is the S3 URI of the run's plan; ``region`` is where all of it is."""

    run: str
    plan: str
    region: str

    def rendered(self) -> Mapping[str, str]:
        """The arguments as Glue's StartJobRun takes them."""
        return {f"--{name}": value for name, value in self.model_dump().items()}

    @staticmethod
    def run_of(arguments: Mapping[str, str]) -> str | None:
        """The run that a Glue job run with these arguments belongs to; None if it is of no run."""
        return arguments.get("--run")

    @classmethod
    def parse(cls, argv: Sequence[str]) -> "JobArguments":
        """The arguments among all that Glue passes to a script, its own included."""
        given = {name.removeprefix("--"): value for name, value in pairwise(argv)}
        missing = sorted(cls.model_fields.keys() - given.keys())
        if missing:
            raise PayloadError(
                f"the job run lacks the arguments {', '.join('--' + name for name in missing)}; "
                "start it through the state machine, not by itself"
            )
        return cls(**{name: given[name] for name in cls.model_fields})
