"""The arguments of a Glue job's script, among all that Glue passes to it."""

from collections.abc import Sequence
from itertools import pairwise
from typing import ClassVar, Self

from lakeshot.errors import PayloadError
from lakeshot.model import Model


class ScriptArguments(Model):
    """Arguments by name; ``start_it`` says how the job run has to be started to have all of them."""

    start_it: ClassVar[str]

    @classmethod
    def parse(cls, argv: Sequence[str]) -> Self:
        """The arguments among all that Glue passes to a script, its own included."""
        given = {name.removeprefix("--"): value for name, value in pairwise(argv) if name.startswith("--")}
        missing = sorted(cls.model_fields.keys() - given.keys())
        if missing:
            lacking = ", ".join(f"--{name}" for name in missing)
            raise PayloadError(f"the job run lacks the arguments {lacking}; {cls.start_it}")
        return cls.model_validate({name: given[name] for name in cls.model_fields})
