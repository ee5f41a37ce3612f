"""One export of ``exports.yaml``: where rows come from, when, and what is made of them."""

from collections.abc import Mapping
from typing import Annotated, Literal, NamedTuple, Self
from zoneinfo import available_timezones

from pydantic import AfterValidator, Field, WithJsonSchema, model_validator

from lakeshot.columns.nesting import Nested, is_nested
from lakeshot.columns.partition_by import PARTITIONABLE, is_partitionable
from lakeshot.columns.types import (
    DECIMAL_PATTERN,
    MOST_DIGITS,
    PINNABLE,
    PINNABLE_NAMES,
    ColumnType,
    TypeField,
    is_pinnable,
)
from lakeshot.config.allowed import allowed
from lakeshot.config.repeated import refuse_repeated
from lakeshot.dynamodb.pinnable import DYNAMODB_TYPES
from lakeshot.dynamodb.source import DynamoDBSource
from lakeshot.files import LANDED, Compression, FileFormat, compressions
from lakeshot.model import Setting
from lakeshot.postgres.source import PostgresSource

Kind = Literal["snapshot", "changes"]
Source = Annotated[DynamoDBSource | PostgresSource, Field(discriminator="type")]
"""Where rows may come from; ``type`` says which it is."""
Catalog = Literal["crawler", "direct"]
FULL_EVERY_DAYS = 7
"""After that many days reading a view costs more for its changes than a full export does, mostly."""

_RATE = r"rate\([1-9][0-9]* (minute|hour|day)s?\)"
_CRON = r"cron\(F F (F F \?|\? F F) F\)".replace("F", r"[0-9A-Za-z*?,/#-]+")
"""Six fields. A day is given by its number in the month or in the week; the other one is ``?``."""


PartitionAttribute = Annotated[
    str, Field(min_length=1, max_length=255), allowed("an attribute's name of 1 to 255 characters")
]
MOST_PARTITION_ATTRIBUTES = 3
MOST_TYPES_BYTES = 2_000
"""An SSM parameter, in which is written what is deployed of an export, has 4 KiB for everything."""


def _pinnable(column_type: ColumnType) -> ColumnType:
    if not is_pinnable(column_type):
        raise ValueError(str(column_type))
    return column_type


PinnedType = Annotated[
    TypeField,
    AfterValidator(_pinnable),
    WithJsonSchema(
        {"anyOf": [{"enum": [*map(str, PINNABLE)]}, {"type": "string", "pattern": DECIMAL_PATTERN}]}
    ),
    allowed(
        f"{', '.join(PINNABLE_NAMES)} with p up to {MOST_DIGITS} and s up to p; in quotes where it stands "
        "inside braces"
    ),
]


def _known_timezone(name: str) -> str:
    if name not in available_timezones():
        raise ValueError(name)
    return name


class Schedule(Setting):
    """When an export runs by itself. Nothing runs until ``enabled`` is true."""

    expression: Annotated[
        str,
        Field(pattern=f"^({_CRON}|{_RATE})$", examples=["cron(0 2 * * ? *)"]),
        allowed(
            "cron(minute hour day-of-month month day-of-week year) with ? for one of the two days, such as "
            "cron(0 2 * * ? *), or rate(number unit) in minutes, hours or days, such as rate(6 hours)"
        ),
    ]
    """When to run: ``cron(...)`` or ``rate(...)`` as EventBridge Scheduler takes it."""
    timezone: Annotated[
        str, AfterValidator(_known_timezone), allowed("a time zone's IANA name, such as Europe/Berlin")
    ] = "Etc/UTC"
    """Time zone of a cron expression, such as Europe/Berlin."""
    enabled: bool = False
    """Whether the schedule starts runs; deployed either way."""


class Job(Setting):
    """The Glue job of an export. ``timeout_minutes`` bounds one run's reading."""

    glue_version: Literal["5.1", "6.0"] = "5.1"
    """5.1 runs Spark 3.5 on Python 3.11, 6.0 runs Spark 4.1 on Python 3.13."""
    worker_type: Literal["G.1X", "G.2X", "G.4X", "G.8X"] = "G.1X"
    """Size of one worker; G.1X is one DPU (4 vCPU, 16 GB)."""
    workers: Annotated[int, Field(ge=2, le=299)] = 2
    """How many workers, the driver included; with auto scaling the most there may be."""
    timeout_minutes: Annotated[int, Field(ge=1, le=10080)] = 480
    """How long one run may read before Glue ends it."""
    auto_scaling: bool = False
    """Whether Glue removes workers that have nothing to do."""
    spark_conf: Mapping[str, str] = Field(default_factory=dict)
    """Further Spark settings, such as spark.executor.memoryOverhead."""
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"
    """The least severe messages that the job logs."""


class _NotLanded(NamedTuple):
    """Why a setting does not go with files that a database writes itself, and the one value that does."""

    why: str
    only: object = None


_NOT_LANDED: Mapping[str, _NotLanded] = {
    "compression": _NotLanded("compresses nothing", only=Compression.NONE),
    "partition_by": _NotLanded("makes no folders", only=()),
    "types": _NotLanded("gives each value as its own column has it", only={}),
    "target_file_mb": _NotLanded("ends a file every 6 GB or where a part ends"),
    "catalog": _NotLanded("a crawler would guess what its columns are", only="direct"),
}


class Export(Setting):
    """One named export: where rows come from, and what is made of them."""

    kind: Kind = "snapshot"
    """What the export does: ``snapshot`` exports the whole table every time; ``changes`` does so once in a
    while and in between only what was written since, which takes point-in-time recovery."""
    source: Source
    """Where the rows come from."""
    format: FileFormat = FileFormat.PARQUET
    """How rows are laid out in the data files; by default parquet, and text by the route aws_s3."""
    compression: Compression | None = None
    """How data files are compressed; by default snappy, and gzip for json and csv."""
    target_file_mb: Annotated[int, Field(ge=1, le=5_000, strict=True)] = 256
    """Size in MB at which a data file is ended and the next one begun."""
    nested: Nested = Nested.JSON
    """What becomes of maps, lists and mixed values, in CSV also of sets: json text, or an error."""
    catalog: Catalog | None = None
    """Who writes the catalog: a Glue crawler, or Lakeshot itself (``direct``) from the manifest, which is
    quicker; by default a crawler for snapshots of DynamoDB tables. Changes are always written directly."""
    partition_by: Annotated[tuple[PartitionAttribute, ...], Field(max_length=MOST_PARTITION_ATTRIBUTES)] = ()
    """Attributes by whose values a snapshot's rows are kept apart, in folders; needs ``catalog: direct``."""
    full_every_days: Annotated[int, Field(ge=1, le=35, strict=True)] | None = None
    """After how many days changes begin anew with the whole table; by default 7."""
    schedule: Schedule | None = None
    """When the export runs by itself; without it, only when a person starts it."""
    job: Job = Job()
    """The Glue job that reads and writes."""
    types: Mapping[str, PinnedType] = Field(default_factory=dict)
    """Types of attributes that are to stay as they are, by the attribute's name, such as decimal(38,18)."""
    retain_snapshots: Annotated[int, Field(ge=1, le=10_000)] = 30
    """How many verified snapshots are kept; older ones are removed after a run."""
    region: str | None = None
    """Region to deploy this export to, if not the stage's."""

    @model_validator(mode="before")
    @classmethod
    def _as_the_database_writes(cls, given: object) -> object:
        """What a database writes itself is text unless another format is given."""
        source = given.get("source") if isinstance(given, Mapping) else None
        lands = isinstance(source, Mapping) and source.get("route") == "aws_s3"
        if isinstance(given, Mapping) and lands and "format" not in given:
            return {**given, "format": FileFormat.TEXT}
        return given

    @model_validator(mode="after")
    def _landing_fits(self) -> Self:
        landing = self.source.landing if self.source.type == "postgres" else None
        if landing is None:
            if self.format in LANDED - {FileFormat.CSV}:
                raise ValueError(
                    f"format {self.format.value!r} is what a database writes itself, by route 'aws_s3' of a "
                    "source of type 'postgres'; give another format, or set that route"
                )
            return self
        if self.format not in LANDED:
            raise ValueError(
                f"format {self.format.value!r} does not go with route 'aws_s3', by which the database writes "
                f"the files itself; allowed: {', '.join(sorted(LANDED))}, or set route: query"
            )
        if not self.format.is_readable and (landing.delimiter is not None or landing.header):
            raise ValueError(
                f"'delimiter' and 'header' go with text and csv, not with format {self.format.value!r}; "
                "remove them"
            )
        for name, words in _NOT_LANDED.items():
            if name in self.model_fields_set and getattr(self, name) != words.only:
                raise ValueError(
                    f"{name!r} does not go with route 'aws_s3', because the database writes the files itself "
                    f"and {words.why}; remove it, or set route: query"
                )
        return self

    @model_validator(mode="after")
    def _compression_fits_format(self) -> Self:
        allowed = compressions(self.format)
        if self.compression is not None and self.compression not in allowed:
            raise ValueError(
                f"compression {self.compression.value!r} does not go with format {self.format.value!r}; "
                f"allowed: {', '.join(allowed)}"
            )
        return self

    @model_validator(mode="after")
    def _types_fit_their_place(self) -> Self:
        size = sum(len(f'"{attribute}":"{pin}",'.encode()) for attribute, pin in self.types.items())
        size += sum(len(f'"{attribute}",'.encode()) for attribute in self.partition_by)
        if size > MOST_TYPES_BYTES:
            beside = f" and partition_by {len(self.partition_by)}," if self.partition_by else ""
            raise ValueError(
                f"types has {len(self.types)} entries{beside} of {size:,} bytes together; allowed are "
                f"{MOST_TYPES_BYTES:,} bytes, so pin only what has to be pinned"
            )
        return self

    @model_validator(mode="after")
    def _pins_are_of_the_source(self) -> Self:
        for attribute, pin in self.types.items() if self.source.type == "dynamodb" else ():
            if pin not in DYNAMODB_TYPES:
                raise ValueError(
                    f"types pins {attribute!r} to {pin}, which no value in DynamoDB has; allowed are "
                    f"{', '.join(map(str, DYNAMODB_TYPES))}"
                )
        return self

    @model_validator(mode="after")
    def _pins_are_not_refused(self) -> Self:
        if self.nested is Nested.REFUSE:
            for attribute, pin in self.types.items():
                if is_nested(pin, self.format):
                    raise ValueError(
                        f"types pins {attribute!r} to {pin}, which {self.format.value} files hold as JSON "
                        "text, but nested is 'refuse'; pin it to another type, or let nested be 'json'"
                    )
        return self

    @model_validator(mode="after")
    def _settings_fit_kind(self) -> Self:
        if self.kind == "snapshot":
            if self.full_every_days is not None:
                raise ValueError(
                    f"full_every_days {self.full_every_days} goes with kind 'changes'; a snapshot exports "
                    "the whole table every time. Remove it, or set kind: changes"
                )
            return self
        if self.source.type != "dynamodb":
            raise ValueError(
                f"kind 'changes' goes with source type 'dynamodb', not {self.source.type!r}; set kind: "
                "snapshot"
            )
        if self.source.route == "scan":
            raise ValueError(
                "kind 'changes' needs DynamoDB's own exports, but the source has route 'scan', which cannot "
                "tell what changed; set route: native, or leave it out"
            )
        if self.catalog == "crawler":
            raise ValueError(
                "kind 'changes' goes with catalog 'direct', because a crawler makes one table of a folder "
                "and changes are two; set catalog: direct, or leave it out"
            )
        if self.partition_by:
            raise ValueError(
                "partition_by goes with kind 'snapshot', because changes of a row may lie in other folders "
                "than the row; remove it, or set kind: snapshot"
            )
        return self

    @model_validator(mode="after")
    def _partitions_can_be_made(self) -> Self:
        if self.partition_by and self.effective_catalog != "direct":
            raise ValueError(
                f"partition_by goes with catalog 'direct' only, not with {self.effective_catalog!r}, because "
                "a crawler would guess tables and types from the folders; say 'catalog: direct'"
            )
        refuse_repeated("partition_by", self.partition_by)
        for attribute in self.partition_by:
            pin = self.types.get(attribute)
            if pin is not None and not is_partitionable(pin):
                raise ValueError(
                    f"types pins {attribute!r} to {pin}, which partition_by does not take; allowed are "
                    f"{', '.join(map(str, PARTITIONABLE))}"
                )
        return self

    @property
    def effective_catalog(self) -> Catalog:
        """Who writes the catalog: as given, else the default of source and kind."""
        crawled = self.kind == "snapshot" and self.source.type == "dynamodb"
        return self.catalog or ("crawler" if crawled else "direct")

    @property
    def effective_source(self) -> DynamoDBSource | PostgresSource:
        """The source as it is read: changes are only told by DynamoDB's own exports."""
        if self.kind == "changes" and self.source.type == "dynamodb":
            return self.source.model_copy(update={"route": "native"})
        return self.source

    @property
    def effective_full_every_days(self) -> int | None:
        """After how many days changes begin anew; None for snapshots."""
        return (self.full_every_days or FULL_EVERY_DAYS) if self.kind == "changes" else None

    @property
    def effective_compression(self) -> Compression:
        """The compression to use: the given one, else the format's default."""
        lands = self.source.type == "postgres" and self.source.landing is not None
        return self.compression or (Compression.NONE if lands else compressions(self.format)[0])
