"""What is deployed for an export or a group: written by its stack as an SSM parameter, read by every step.

A payload is held against this record, so a person who may start executions can still choose
neither job, role nor destination.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from pydantic import Field

from lakeshot.columns.nesting import Nested
from lakeshot.columns.types import TypeField
from lakeshot.config.connections import DeployedConnection
from lakeshot.config.export import Catalog, Export, Kind, Source
from lakeshot.config.payload import GroupPayload, Payload
from lakeshot.dynamodb.source import DynamoDBSource
from lakeshot.errors import PayloadError
from lakeshot.files import Compression, FileFormat
from lakeshot.files.delimited import Delimited
from lakeshot.model import Model
from lakeshot.names import ExportNames, GroupNames, StageNames
from lakeshot.postgres.source import PostgresSource

_FIXED_FIELDS = ("export", "job", "crawler", "source_table", "destination", "format")
"""What a payload repeats but never chooses."""
RATE_FIELDS: Mapping[str, tuple[str, ...]] = {
    "dynamodb": ("read_percentage", "max_read_units", "consistent_read"),
    "postgres": ("max_mb_per_second",),
}
"""What a payload may say, for each type of source, of how fast it is read."""


class Deployed(Model):
    """One deployed export. ``bucket``, ``job_role_arn`` and ``connection`` may hold tokens at synth.

    ``connection`` is how the source's database is reached, if it is one that has to be connected to.
    """

    export: str
    stage: str
    kind: Kind
    full_every_days: int | None = None
    source: Source
    connection: DeployedConnection | None = None
    types: Mapping[str, TypeField] = Field(default_factory=dict)
    format: FileFormat
    compression: Compression
    nested: Nested
    target_file_mb: int
    catalog: Catalog
    partition_by: tuple[str, ...] = ()
    bucket: str
    database: str
    job_role_arn: str
    glue_version: str
    worker_type: str
    workers: int
    timeout_minutes: int
    log_level: str
    retain_snapshots: int

    @classmethod
    def of(
        cls,
        *,
        name: str,
        export: Export,
        stage: str,
        database: str,
        bucket: str,
        job_role_arn: str,
        connection: DeployedConnection | None = None,
    ) -> "Deployed":
        """The record of an export as configured, in a given bucket and under a given role."""
        return cls(
            export=name,
            stage=stage,
            kind=export.kind,
            full_every_days=export.effective_full_every_days,
            source=export.effective_source,
            connection=connection,
            types=export.types,
            format=export.format,
            compression=export.effective_compression,
            nested=export.nested,
            target_file_mb=export.target_file_mb,
            catalog=export.effective_catalog,
            partition_by=export.partition_by,
            bucket=bucket,
            database=database,
            job_role_arn=job_role_arn,
            glue_version=export.job.glue_version,
            worker_type=export.job.worker_type,
            workers=export.job.workers,
            timeout_minutes=export.job.timeout_minutes,
            log_level=export.job.log_level,
            retain_snapshots=export.retain_snapshots,
        )

    @property
    def names(self) -> ExportNames:
        """Names of what belongs to this export."""
        return ExportNames(stage=self.stage, export=self.export)

    @property
    def stage_names(self) -> StageNames:
        """Names of what this export shares with the others of its stage."""
        return StageNames(stage=self.stage)

    @property
    def dynamodb(self) -> DynamoDBSource:
        """The source, for those who read DynamoDB."""
        if self.source.type != "dynamodb":
            raise ValueError(f"export {self.export!r} reads {self.source.type}, not DynamoDB")
        return self.source

    @property
    def postgres(self) -> tuple[PostgresSource, DeployedConnection]:
        """The source and how it is reached, for those who read PostgreSQL."""
        if self.source.type != "postgres" or self.connection is None:
            raise ValueError(f"export {self.export!r} reads {self.source.type}, not PostgreSQL")
        return self.source, self.connection

    @property
    def delimited(self) -> Delimited | None:
        """How lines are made up in files that the database itself writes, if they have any."""
        landing = self.source.landing if self.source.type == "postgres" else None
        return landing.delimited(self.format) if landing is not None else None

    @property
    def destination(self) -> str:
        """S3 URI below which every snapshot of this export lies."""
        return f"s3://{self.bucket}/{self.names.data_prefix}"

    def payload(self, scheduled_time: str | None = None) -> Payload:
        """The payload that runs this export as deployed; what the schedule sends."""
        return Payload(
            export=self.export,
            job=self.names.resource,
            crawler=self.names.resource,
            source_table=self.source.name,
            destination=self.destination,
            format=self.format,
            scheduled_time=scheduled_time,
            **_rate(self.source),
        )

    def check(self, payload: Payload) -> None:
        """Refuse a payload that does not fit this export, with PayloadError.

        It may name nothing but the export's own resources, and no rate but one of its kind of source.
        """
        own = self.payload()
        wrong = [
            f"field {name!r}: got {str(getattr(payload, name))!r}, deployed is {str(getattr(own, name))!r}"
            for name in _FIXED_FIELDS
            if getattr(payload, name) != getattr(own, name)
        ]
        for source_type, fields in RATE_FIELDS.items():
            wrong += [
                f"field {name!r}: got {getattr(payload, name)!r}, which is for source type {source_type!r}"
                for name in fields
                if source_type != self.source.type and getattr(payload, name) is not None
            ]
        if wrong:
            raise PayloadError(
                f"the payload does not fit the deployed export {self.export!r}: {'; '.join(wrong)}. "
                f"Print the right one with: make payload EXPORT={self.export}"
            )


def _rate(source: Source) -> dict[str, Any]:
    """The rate settings of a source, as a payload repeats them."""
    settings = {name: getattr(source, name) for name in RATE_FIELDS[source.type]}
    return {name: setting for name, setting in settings.items() if setting}


class DeployedGroup(Model):
    """One deployed group; ``exports`` names its members in order. ``bucket`` may hold a token at synth."""

    group: str
    stage: str
    database: str
    bucket: str
    exports: tuple[str, ...]

    @property
    def names(self) -> GroupNames:
        """Names of what belongs to this group."""
        return GroupNames(stage=self.stage, group=self.group)

    @property
    def stage_names(self) -> StageNames:
        """Names of what this group shares with the others of its stage."""
        return StageNames(stage=self.stage)

    def payload(self, members: Sequence[Deployed], scheduled_time: str | None = None) -> GroupPayload:
        """The payload that runs this group with its ``members`` as deployed; what the schedule sends."""
        return GroupPayload(
            group=self.group,
            members=tuple(member.payload() for member in members),
            scheduled_time=scheduled_time,
        )

    def check(self, payload: GroupPayload) -> None:
        """Refuse a payload whose members are not exactly this group's, with PayloadError.

        Each member's own fields are for its export to check.
        """
        given = tuple(member.export for member in payload.members)
        if payload.group != self.group or given != self.exports:
            raise PayloadError(
                f"the payload does not fit the deployed group {self.group!r}: got group {payload.group!r} "
                f"with the members {', '.join(given) or 'none'}; deployed are {', '.join(self.exports)}. "
                f"Print the right one with: make payload GROUP={self.group}"
            )
