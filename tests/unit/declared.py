"""Files of every format in a lake without servers, declared exactly as the product declares them."""

import io
from collections.abc import Mapping

import pyarrow as pa

from lakeshot.columns.types import Column
from lakeshot.config.deployed import Deployed
from lakeshot.files import Compression, FileFormat, suffix
from lakeshot.files.formats import ENCODERS
from lakeshot.lake.hive_table import merged_columns, table_input
from local.lake.catalog import Table
from tests.unit.local.lake_in_memory import Lake
from tests.unit.manifests import manifest


def file_of(
    table: pa.Table, columns: tuple[Column, ...], file_format: FileFormat, compression: Compression
) -> bytes:
    """The bytes of a file of these rows."""
    body = io.BytesIO()
    encoder = ENCODERS[file_format](body, columns, compression)
    encoder.write(table)
    encoder.close()
    return body.getvalue()


def declared_lake(
    deployed: Deployed,
    rows: pa.Table,
    columns: tuple[Column, ...],
    file_format: FileFormat,
    *,
    compression: Compression = Compression.NONE,
    types: Mapping[str, str] | None = None,
) -> Lake:
    """A lake whose table ``t`` has one file; ``types`` are declared other than ours."""
    lake = Lake()
    key = f"t/a.{suffix(file_format, compression)}"
    lake.store.objects[key] = file_of(rows, columns, file_format, compression)
    described = manifest(file_format=file_format, columns=columns)
    own = {**merged_columns({}, described), **(types or {})}
    made = Table.model_validate(table_input(deployed, described, "t", own, {}))
    storage = made.storage_descriptor.model_copy(update={"location": "s3://lake/t/"})
    lake.catalog.create(
        "lakeshot", made.model_copy(update={"storage_descriptor": storage, "partition_keys": ()})
    )
    return lake
