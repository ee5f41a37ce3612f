"""The arguments of a Glue job run that examines instead of exporting."""

from collections.abc import Sequence
from itertools import pairwise

from lakeshot.errors import PayloadError
from lakeshot.model import Model


class DoctorArguments(Model):
    """What such a job run is told: the S3 URI of its examination, and the region of all of it."""

    doctor: str
    region: str

    def given(self) -> dict[str, str]:
        """As a job run is started with them."""
        return {f"--{name}": value for name, value in self.model_dump().items()}

    @classmethod
    def parse(cls, argv: Sequence[str]) -> "DoctorArguments":
        """The arguments among all that Glue passes to a script, its own included."""
        given = {name.removeprefix("--"): value for name, value in pairwise(argv) if name.startswith("--")}
        missing = sorted(cls.model_fields.keys() - given.keys())
        if missing:
            raise PayloadError(
                f"the job run lacks the arguments {', '.join('--' + name for name in missing)}; "
                "start it with: make doctor EXPORT=…"
            )
        return cls.model_validate({name: given[name] for name in cls.model_fields})
