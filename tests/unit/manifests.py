"""Manifests for tests: small, with a column of each kind that the catalog treats differently."""

from lakeshot.columns.schema import fingerprint
from lakeshot.columns.types import Column, ColumnType
from lakeshot.commit.manifest import FileEntry, Manifest
from lakeshot.files import Compression, FileFormat
from lakeshot.lake.shown import Layer, Shown
from tests.unit.conftest import BUCKET, NOON

SNAPSHOT = "20261121T120000Z"
PREFIX = f"snapshots_reviews/snapshot_timestamp={SNAPSHOT}/"


def column(source: str, type_: str) -> Column:
    return Column(name=source.lower(), source=source, type=ColumnType.parse(type_))


COLUMNS = (
    column("Id", "string"),
    column("Stars", "bigint"),
    column("Price", "decimal(38,18)"),
    column("Photo", "binary"),
    column("Sizes", "array<decimal(38,18)>"),
)


def shown_of(whole: Manifest, generation: int = 1) -> Shown:
    """What the view of a whole snapshot shows."""
    base = Layer(
        generation=generation,
        format=whole.format,
        columns=whole.columns,
        partition_by=whole.partition_by,
        snapshots=(whole.snapshot,),
    )
    return Shown(
        snapshot=whole.snapshot,
        columns=whole.columns,
        keys=whole.keys,
        base=base,
        last_window=whole.snapshot,
    )


def manifest(
    *,
    file_format: FileFormat = FileFormat.PARQUET,
    snapshot: str = SNAPSHOT,
    rows: int = 2,
    run: str = "run-1",
    columns: tuple[Column, ...] = COLUMNS,
    files: tuple[FileEntry, ...] = (),
) -> Manifest:
    return Manifest(
        export="reviews",
        run=run,
        moment=NOON,
        moment_from="the run's start",
        snapshot=snapshot,
        bucket=BUCKET,
        prefix=f"snapshots_reviews/snapshot_timestamp={snapshot}/",
        format=file_format,
        compression=Compression.SNAPPY if file_format is FileFormat.PARQUET else Compression.GZIP,
        columns=columns,
        schema_fingerprint=fingerprint(columns),
        baseline=None,
        schema_change=None,
        rows=rows,
        bytes=10,
        expected_rows=rows,
        expected_from="a test",
        consumed_units=1.0,
        started_at=NOON,
        finished_at=NOON,
        files=files,
    )
