"""How a PostgreSQL table is named and read in ``exports.yaml``."""

from typing import Annotated, Literal, Self

from pydantic import ConfigDict, Field, model_validator

from lakeshot.config.allowed import allowed
from lakeshot.config.connections import ConnectionName
from lakeshot.config.repeated import refuse_repeated
from lakeshot.model import Setting
from lakeshot.postgres.aws_s3_options import AwsS3Options

Identifier = Annotated[
    str, Field(min_length=1, max_length=63), allowed("a name of 1 to 63 characters, as it is in pg_class")
]
MaxMegabytesPerSecond = Annotated[float, Field(gt=0, le=100_000, strict=True)]
MOST_SQL_BYTES = 1_500
"""Of ``select``, ``where``, ``columns`` and ``split_by`` together; an SSM parameter has 4 KiB for all."""


class PostgresSource(Setting):
    """A table of PostgreSQL or Aurora PostgreSQL, or what a query makes of tables."""

    model_config = ConfigDict(serialize_by_alias=True)

    type: Literal["postgres"]
    """Kind of database the rows come from."""
    connection: ConnectionName
    """The database, by its name below ``connections``."""
    db_schema: Annotated[Identifier, Field(alias="schema")] = "public"
    """The table's schema."""
    table: Identifier | None = None
    """The table, partitioned or not, or a materialized view."""
    select: Annotated[str, Field(min_length=1)] | None = None
    """Instead of a table: one SELECT whose rows are exported."""
    route: Literal["query", "aws_s3"] = "query"
    """How rows leave: ``query`` reads them by connections; ``aws_s3`` has the database itself write them to
    S3, by its extension of that name, as ``format`` text, csv or binary."""
    aws_s3: AwsS3Options | None = None
    """How the database writes files; goes with ``route: aws_s3``."""
    columns: tuple[Identifier, ...] = ()
    """The columns to export; by default all."""
    where: Annotated[str, Field(min_length=1)] | None = None
    """A condition in SQL that the exported rows fulfil."""
    split_by: Annotated[str, Field(min_length=1)] | None = None
    """A column, or an expression in SQL, by whose ranges the rows are cut into parts; by default physical
    ranges of the table, or a unique index where the server cannot read these."""
    consistency: Literal["shared", "single"] = "shared"
    """``shared``: all readers see one snapshot of the database. ``single``: one reader sees one, for servers
    behind a pooler that keeps sessions apart."""
    readers: Annotated[int, Field(ge=1, le=256, strict=True)] | None = None
    """How many connections read at once; by default as many as the job has slots, and 16 at most."""
    max_mb_per_second: MaxMegabytesPerSecond | None = None
    """How much may be read in a second by all readers together, in MB as the rows are sent."""
    max_snapshot_minutes: Annotated[int, Field(ge=1, le=1440, strict=True)] = 240
    """How long the snapshot may be held, which keeps the server from removing dead rows."""
    max_replica_lag_seconds: Annotated[int, Field(ge=1, le=86_400, strict=True)] | None = None
    """Reading pauses while replication is behind by more, as far as the login may see that."""
    max_cpu_percent: Annotated[int, Field(ge=1, le=99, strict=True)] | None = None
    """Reading pauses while the CPU of the connection's ``instance`` is busier, by CloudWatch's minutes."""
    lock_timeout_seconds: Annotated[int, Field(ge=1, le=3600, strict=True)] = 30
    """How long to wait for the table's lock, which ALTER TABLE and the like hold."""

    @model_validator(mode="after")
    def _one_source(self) -> Self:
        if (self.table is None) == (self.select is None):
            given = "both 'table' and 'select'" if self.table is not None else "neither 'table' nor 'select'"
            raise ValueError(f"the source has {given}; give one of them")
        if self.select is not None and (self.columns or self.where is not None):
            raise ValueError("'columns' and 'where' go with 'table'; a 'select' says itself what it selects")
        if self.aws_s3 is not None and self.route != "aws_s3":
            raise ValueError(
                f"'aws_s3' says how the database writes files, but route is {self.route!r}; remove it, or "
                "set route: aws_s3"
            )
        refuse_repeated("columns", self.columns)
        texts = (self.select, self.where, self.split_by, *self.columns)
        if any("\0" in text for text in (self.db_schema, self.table, *texts) if text is not None):
            raise ValueError("the source has a NUL character, which PostgreSQL takes in no text; remove it")
        size = sum(len(text.encode()) for text in texts if text is not None)
        if size > MOST_SQL_BYTES:
            raise ValueError(
                f"select, where, columns and split_by have {size:,} bytes together; allowed are "
                f"{MOST_SQL_BYTES:,}: make a view in the database of what is longer, and export that"
            )
        return self

    @property
    def landing(self) -> AwsS3Options | None:
        """How the database writes the files itself; None if it is queried."""
        return (self.aws_s3 or AwsS3Options()) if self.route == "aws_s3" else None

    @property
    def name(self) -> str:
        """What the source is called in payloads and messages."""
        return (
            f"{self.db_schema}.{self.table}" if self.table is not None else f"a select on {self.connection}"
        )
