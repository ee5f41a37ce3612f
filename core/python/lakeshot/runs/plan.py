"""What a run is going to do: settled once by the plan step, kept in S3, read by every later step."""

import math
from collections.abc import Mapping
from datetime import datetime
from typing import Literal

from lakeshot.config.deployed import Deployed
from lakeshot.dynamodb.rate import ReadRate
from lakeshot.model import Model
from lakeshot.names import run_token, snapshot_name, snapshot_prefix

BYTES_PER_VERIFIER = 8 * 1024**3
"""A Lambda reads back about 80 MB/s, so this much takes it two minutes of its fifteen."""
MOST_VERIFIERS = 40
"""An inline Map runs at most 40 iterations at a time."""


class SourceTable(Model):
    """What the source said of itself when the run was planned.

    ``item_count`` and ``size_bytes`` are up to six hours old in DynamoDB: estimates, never a check.
    """

    name: str
    arn: str
    item_count: int
    size_bytes: int
    on_demand: bool
    key_attributes: Mapping[str, Literal["S", "N", "B"]]


class Plan(Model):
    """One run's decisions. ``fence`` is the lock's fencing number that this run holds."""

    run: str
    execution_arn: str
    fence: int
    moment: datetime
    started_at: datetime
    route: Literal["scan"]
    deployed: Deployed
    source: SourceTable
    rate: ReadRate
    consistent_read: bool
    segments: int
    workers: int
    timeout_minutes: int

    @property
    def snapshot(self) -> str:
        """Partition value of the snapshot this run writes."""
        return snapshot_name(self.moment)

    @property
    def token(self) -> str:
        """What marks this run's files among others of the same moment."""
        return run_token(self.run)

    @property
    def data_prefix(self) -> str:
        """Prefix of this run's data files."""
        return snapshot_prefix(self.deployed.names.data_prefix, self.snapshot)

    @property
    def run_prefix(self) -> str:
        """Prefix of this run's own files."""
        return run_prefix(self.deployed, self.run)

    @property
    def manifest_key(self) -> str:
        """Key of the manifest, whose existence says that the files are committed."""
        return f"{self.run_prefix}manifest.json"

    @property
    def manifest_uri(self) -> str:
        """S3 URI of the manifest."""
        return f"s3://{self.deployed.bucket}/{self.manifest_key}"

    @property
    def verifiers(self) -> int:
        """How many tasks share the reading back of the files."""
        return max(1, min(MOST_VERIFIERS, math.ceil(self.source.size_bytes / BYTES_PER_VERIFIER)))


def run_prefix(deployed: Deployed, run: str) -> str:
    """Prefix of one run's plan, manifest and other small files."""
    return f"{deployed.names.runs_prefix}{run}/"


def plan_key(deployed: Deployed, run: str) -> str:
    """Key of a run's plan."""
    return f"{run_prefix(deployed, run)}plan.json"
