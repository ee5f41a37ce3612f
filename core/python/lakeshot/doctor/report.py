"""What an examination found, as the job writes it and the command reads it, and where that lies in S3."""

from enum import StrEnum

from lakeshot.config.deployed import Deployed
from lakeshot.model import Model


class Outcome(StrEnum):
    """How a check ended."""

    PASSED = "passed"
    WARNED = "warned"
    """It works, but somebody should know something."""
    FAILED = "failed"
    NOT_TRIED = "not tried"
    """Something that it needs had failed."""


class Check(Model):
    """One check. ``found`` is what was found; of a failure the cause and what to do."""

    name: str
    outcome: Outcome
    found: str


class Report(Model):
    """The checks of one examination so far, in their order; ``complete`` once there are no more."""

    export: str
    checks: tuple[Check, ...] = ()
    complete: bool = False

    def having(self, outcome: Outcome) -> int:
        """How many checks ended so."""
        return sum(check.outcome is outcome for check in self.checks)


def examination_uri(deployed: Deployed, name: str) -> str:
    """S3 URI below which everything of one examination lies."""
    return f"s3://{deployed.bucket}/{deployed.names.runs_prefix}doctor/{name}/"


def deployed_uri(examination: str) -> str:
    """S3 URI of what is deployed, as whoever starts an examination leaves it for the job."""
    return f"{examination}deployed.json"


def report_uri(examination: str) -> str:
    """S3 URI of the report, which the job writes anew after every check."""
    return f"{examination}report.json"
