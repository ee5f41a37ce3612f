"""What a run is going to do: settled once by the plan step, kept in S3, read by every later step."""

import math
from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Literal

from pydantic import Field

from lakeshot.config.deployed import Deployed, DeployedGroup
from lakeshot.dynamodb.rate import ReadRate
from lakeshot.dynamodb.raw_export import RawExports
from lakeshot.dynamodb.windows import Window
from lakeshot.model import Model
from lakeshot.names import snapshot_name, snapshot_prefix
from lakeshot.postgres.source import PostgresSource

BYTES_PER_UNIT = 8192
"""What a read unit reads of a table, eventually consistent; half of it consistently."""
BYTES_PER_VERIFIER = 8 * 1024**3
"""A Lambda reads back about 80 MB/s, so this much takes it two minutes of its fifteen."""
VERIFIERS_PER_WORKER = 4
"""Where a table's size is not known: as many as read it, about."""
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


class ScanReading(Model):
    """A run that scans its table. ``segments`` are the parts that are read side by side.

    ``route_from`` says in words why it reads this way.
    """

    route: Literal["scan"] = "scan"
    route_from: str
    source: SourceTable
    rate: ReadRate
    consistent_read: bool
    segments: int

    @property
    def expected_seconds(self) -> float:
        """How long reading takes at this rate, as far as the table's size is known."""
        bytes_per_second = self.rate.units_per_second * BYTES_PER_UNIT / (2 if self.consistent_read else 1)
        return self.source.size_bytes / bytes_per_second


class NativeReading(Model):
    """A run that converts what DynamoDB's own exports of the table wrote.

    The table is exported as it was at ``export_time``: whole, or what was written in the ``windows`` since
    the snapshot that the run ``follows``. ``reused`` are the exports that an earlier run had made; None if
    this run makes its own. ``compared_with`` is the published snapshot of the same instant whose view has
    to show the very same rows before this one is published.
    """

    route: Literal["native"] = "native"
    route_from: str
    source: SourceTable
    export_time: datetime
    windows: tuple[Window, ...] = ()
    follows: str | None = None
    compared_with: str | None = None
    reused: RawExports | None = None


class QueriedTogether(Model):
    """What an export reads at the same moment as others of its run."""

    export: str
    source: PostgresSource


class QueryReading(Model):
    """A run whose job queries a database, which nobody has looked at before the job does.

    By the route ``aws_s3`` the database itself writes what the queries select. ``source`` is what it reads,
    in words. ``max_mb_per_second`` bounds what all its readers are sent.
    ``together`` are the exports of the run that read the same database, if there are several, the one that
    takes the snapshot for all of them first.
    """

    route: Literal["query", "aws_s3"] = "query"
    route_from: str
    source: str
    max_mb_per_second: float | None
    together: tuple[QueriedTogether, ...] = ()


Reading = Annotated[ScanReading | NativeReading | QueryReading, Field(discriminator="route")]


class Baseline(Model):
    """The published snapshot whose columns a run starts from: its manifest's URI and SHA-256 (hex)."""

    manifest: str
    sha256: str


class Plan(Model):
    """One run's decisions for one export.

    ``moment_from`` says in words what instant the moment is. ``reading`` is None in a rollback, which
    shows a snapshot again that is there already. ``group`` is the group that the run runs as one, if any.
    ``allow_older`` lets it publish although a newer moment is published. ``data_bytes`` estimates how much
    will have to be read back; None if nobody knows yet.
    """

    run: str
    execution_arn: str
    group: DeployedGroup | None
    moment: datetime
    moment_from: str
    started_at: datetime
    deployed: Deployed
    baseline: Baseline | None
    allow_older: bool
    reading: Reading | None
    data_bytes: int | None
    workers: int
    timeout_minutes: int

    @property
    def table(self) -> SourceTable:
        """The DynamoDB table, for those who read it."""
        if self.reading is None or isinstance(self.reading, QueryReading):
            raise ValueError(f"run {self.run!r} reads no DynamoDB table")
        return self.reading.source

    @property
    def scan(self) -> ScanReading:
        """How the table is scanned, for those who scan it."""
        if self.reading is None or self.reading.route != "scan":
            raise ValueError(f"run {self.run!r} scans no table")
        return self.reading

    @property
    def native(self) -> NativeReading:
        """How the table is exported by DynamoDB itself, for those who have it done or read what it wrote."""
        if self.reading is None or self.reading.route != "native":
            raise ValueError(f"run {self.run!r} has no table exported by DynamoDB itself")
        return self.reading

    @property
    def query(self) -> QueryReading:
        """How a database is read, for those who read it."""
        reading = self.reading if isinstance(self.reading, QueryReading) else None
        if reading is None:
            raise ValueError(f"run {self.run!r} queries no database")
        return reading

    @property
    def data_moment(self) -> datetime:
        """The instant that the data stand for, of which the snapshot is named unless another run's is.

        Only an export that is converted once more is older than its second snapshot's name.
        """
        return self.reading.export_time if isinstance(self.reading, NativeReading) else self.moment

    @property
    def snapshot(self) -> str:
        """Partition value of the snapshot this run writes, or shows again."""
        return snapshot_name(self.moment)

    @property
    def follows(self) -> str | None:
        """The snapshot since which this run reads the changes; None if it reads, or shows, every row."""
        return self.reading.follows if isinstance(self.reading, NativeReading) else None

    @property
    def compared_with(self) -> str | None:
        """The published snapshot that has to have the very same rows; None if there need not be one."""
        return self.reading.compared_with if isinstance(self.reading, NativeReading) else None

    @property
    def data_prefix(self) -> str:
        """Prefix of this run's data files."""
        names = self.deployed.names
        return snapshot_prefix(names.prefix_of(changes=self.follows is not None), self.snapshot)

    @property
    def run_prefix(self) -> str:
        """Prefix of this run's own files."""
        return run_prefix(self.deployed, self.run)

    @property
    def manifest_key(self) -> str:
        """Key of the manifest that this run writes; its existence says that the files are committed."""
        return f"{self.run_prefix}manifest.json"

    @property
    def manifest_uri(self) -> str:
        """S3 URI of the manifest that this run writes."""
        return f"s3://{self.deployed.bucket}/{self.manifest_key}"

    @property
    def run_uri(self) -> str:
        """S3 URI below which this run's own files lie."""
        return f"s3://{self.deployed.bucket}/{self.run_prefix}"

    @property
    def verifiers(self) -> int:
        """How many tasks share the reading back: all there may be where files can be many, or take long."""
        if self.deployed.partition_by or not self.deployed.format.is_readable:
            return MOST_VERIFIERS
        if self.data_bytes is None:
            return min(MOST_VERIFIERS, VERIFIERS_PER_WORKER * self.workers)
        return max(1, min(MOST_VERIFIERS, math.ceil(self.data_bytes / BYTES_PER_VERIFIER)))


def run_prefix(deployed: Deployed, run: str) -> str:
    """Prefix of one run's plan, manifest and other small files."""
    return f"{deployed.names.runs_prefix}{run}/"


def raw_exports_uri(deployed: Deployed, run: str) -> str:
    """S3 URI of what a run remembers of the finished native exports that it reads."""
    return f"s3://{deployed.bucket}/{run_prefix(deployed, run)}raw-exports.json"


def plan_uri(deployed: Deployed, run: str) -> str:
    """S3 URI of a run's plan."""
    return f"s3://{deployed.bucket}/{run_prefix(deployed, run)}plan.json"
