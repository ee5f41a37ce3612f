"""The arguments of a Glue job run that examines instead of exporting."""

from typing import ClassVar

from lakeshot.runs.script_arguments import ScriptArguments


class DoctorArguments(ScriptArguments):
    """What such a job run is told: the S3 URI of its examination, and the region of all of it."""

    start_it: ClassVar[str] = "start it with: make doctor EXPORT=…"
    doctor: str
    region: str

    def given(self) -> dict[str, str]:
        """As a job run is started with them."""
        return {f"--{name}": value for name, value in self.model_dump().items()}
