"""The environment of the helper functions: set by the stack, parsed by the functions."""

from collections.abc import Mapping

from lakeshot.model import Model
from lakeshot.names import StageNames


class FunctionEnvironment(Model):
    """Which stage a function serves, and where its notices go."""

    stage: str
    topic_arn: str

    def variables(self) -> Mapping[str, str]:
        """The environment variables that hold these values."""
        return {f"LAKESHOT_{name.upper()}": value for name, value in self.model_dump().items()}

    @classmethod
    def parse(cls, environ: Mapping[str, str]) -> "FunctionEnvironment":
        """The values that ``environ`` holds."""
        return cls(**{name: environ[f"LAKESHOT_{name.upper()}"] for name in cls.model_fields})

    @property
    def names(self) -> StageNames:
        """Names of what this stage shares."""
        return StageNames(stage=self.stage)
