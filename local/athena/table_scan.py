"""The rows of one Glue table: its registered partitions, decoded only as the catalog declares.

A partition is read with its own columns and its own SerDe and then widened to the table's columns, as Hive
does; types that cannot be widened are HIVE_PARTITION_SCHEMA_MISMATCH.
https://docs.aws.amazon.com/athena/latest/ug/updates-and-partitions.html
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import pyarrow as pa

from local.athena import avro_files, delimited_files, json_lines, orc_files, parquet_files
from local.athena.errors import QueryError
from local.lake.catalog import Partition, Storage, Table
from local.lake.hive_types import UnknownTypeError, arrow_type, hive_type
from local.lake.objects import ObjectStore, StoredObject

PATH = "$path"
_ROWS = "$rows"  # stands in when no column of a file is asked for, so that its rows still count
PARQUET = "org.apache.hadoop.hive.ql.io.parquet.serde.ParquetHiveSerDe"
_HEADER_LINES = "skip.header.line.count"


@dataclass(frozen=True, slots=True)
class LakeTable:
    """A table of the catalog with its database."""

    database: str
    table: Table

    @property
    def columns(self) -> dict[str, pa.DataType]:
        """Declared columns and then partition keys, lower case, in order."""
        declared = (*self.table.storage_descriptor.columns, *self.table.partition_keys)
        if len({column.name.lower() for column in declared}) < len(declared):
            raise QueryError(
                "HIVE_INVALID_METADATA",
                f"Hive metadata for table {self.table.name} is invalid: Table descriptor contains duplicate "
                "columns",
            )
        try:
            return {column.name.lower(): arrow_type(column.type) for column in declared}
        except UnknownTypeError as error:
            raise QueryError(
                "HIVE_INVALID_METADATA", f"{self.database}.{self.table.name}: {error}"
            ) from error

    @property
    def keys(self) -> tuple[str, ...]:
        """Names of the partition keys, lower case."""
        return tuple(key.name.lower() for key in self.table.partition_keys)


class TableScan:
    """Reads the chosen columns of the chosen partitions; ``check`` is called between files and may raise."""

    def __init__(self, store: ObjectStore, lake_table: LakeTable, check: Callable[[], None]) -> None:
        self._store = store
        self._table = lake_table
        self._check = check

    def read(self, names: Sequence[str], partitions: Sequence[Partition]) -> pa.Table:
        """Return all rows with these columns; partition keys and ``$path`` are constant within a file."""
        kinds = self._table.columns | {PATH: pa.string()}
        schema = pa.schema([(name, kinds[name]) for name in names])
        pieces = [
            piece.select(names).cast(schema)
            for partition in (partitions if self._table.keys else [None])
            for piece in self._files(partition, names)
        ]
        return pa.concat_tables([schema.empty_table(), *pieces])

    def _files(self, partition: Partition | None, names: Sequence[str]) -> Iterator[pa.Table]:
        storage = self._storage(partition)
        kinds = self._table.columns
        declared = {column.name.lower(): arrow_type(column.type) for column in storage.columns}
        wanted = {name: declared[name] for name in names if name in declared}
        constants = dict(zip(self._table.keys, partition.values if partition else (), strict=True))
        for stored in self._store.list(storage.location):
            self._check()
            rows = self._decode(storage, stored, wanted)
            for name in names:
                if name in constants:
                    rows = rows.append_column(name, _key(constants[name], kinds[name], rows.num_rows))
                elif name == PATH:
                    rows = rows.append_column(name, _constant(stored.uri, rows.num_rows))
                elif name not in wanted:
                    rows = rows.append_column(name, pa.nulls(rows.num_rows, kinds[name]))
            yield rows

    def _decode(self, storage: Storage, stored: StoredObject, wanted: Mapping[str, pa.DataType]) -> pa.Table:
        serde, parameters = storage.serde_info.serialization_library, storage.serde_info.parameters
        columns = [column.name.lower() for column in storage.columns]
        if serde in _ROW_COUNTS and not wanted:
            return _rows_only(_ROW_COUNTS[serde](self._store, stored))
        if serde == PARQUET:
            return parquet_files.read_parquet(self._store, stored, wanted)
        if serde == orc_files.ORC:
            return orc_files.read_orc(self._store, stored, wanted, columns=columns, parameters=parameters)
        if serde == avro_files.AVRO:
            return avro_files.read_avro(self._store, stored, wanted, parameters=parameters)
        if serde in {json_lines.OPENX, json_lines.HCATALOG}:
            skip = parameters.get("ignore.malformed.json", "").lower() == "true"
            return json_lines.read_json_lines(
                self._store, stored, wanted or {_ROWS: pa.null()}, skip_malformed=skip
            )
        if serde == delimited_files.LAZY_SIMPLE:
            header_lines = int(self._table.table.parameters.get(_HEADER_LINES, "0"))
            return delimited_files.read_delimited(
                self._store,
                stored,
                wanted or {_ROWS: pa.null()},
                columns=columns,
                parameters=parameters,
                header_lines=header_lines,
            )
        raise QueryError(
            "HIVE_UNSUPPORTED_FORMAT",
            f"the SerDe {serde!r} of {self._table.database}.{self._table.table.name} is not supported here; "
            f"use {', '.join(map(str, [*_ROW_COUNTS, json_lines.OPENX, json_lines.HCATALOG]))} or "
            f"{delimited_files.LAZY_SIMPLE}",
        )

    def _storage(self, partition: Partition | None) -> Storage:
        own = self._table.table.storage_descriptor
        if partition is None:
            return own
        storage = partition.storage_descriptor
        if not storage.columns:
            storage = storage.model_copy(update={"columns": own.columns})
        if not storage.serde_info.serialization_library:
            storage = storage.model_copy(update={"serde_info": own.serde_info})
        self._require_compatible(storage, partition)
        if _is_by_name(storage):
            return storage
        # A partition's column is the table's at its position, whatever it is called there.
        names = [column.name for column in own.columns]
        columns = tuple(
            column.model_copy(update={"name": names[position] if position < len(names) else column.name})
            for position, column in enumerate(storage.columns)
        )
        return storage.model_copy(update={"columns": columns})

    def _require_compatible(self, storage: Storage, partition: Partition) -> None:
        """Compare by name for Parquet, and for ORC that is read by name; by position for all others."""
        own = self._table.table.storage_descriptor.columns
        if _is_by_name(storage):
            by_name = {column.name.lower(): column for column in storage.columns}
            pairs = [
                (column, by_name[column.name.lower()]) for column in own if column.name.lower() in by_name
            ]
        else:
            pairs = list(zip(own, storage.columns, strict=False))
        for column, theirs in pairs:
            if not parquet_files.readable_as(arrow_type(theirs.type), arrow_type(column.type)) or (
                _bytes_differ(theirs.type, column.type)
            ):
                values = "/".join(
                    f"{key}={value}" for key, value in zip(self._table.keys, partition.values, strict=True)
                )
                raise QueryError(
                    "HIVE_PARTITION_SCHEMA_MISMATCH",
                    "There is a mismatch between the table and partition schemas. The types are incompatible "
                    f"and cannot be coerced. The column '{column.name}' in table "
                    f"'{self._table.database}.{self._table.table.name}' is declared as type '{column.type}', "
                    f"but partition '{values}' declared column '{theirs.name}' as type '{theirs.type}'.",
                )


_ROW_COUNTS: Mapping[str | None, Callable[[ObjectStore, StoredObject], int]] = {
    PARQUET: parquet_files.row_count,
    orc_files.ORC: orc_files.row_count,
    avro_files.AVRO: avro_files.row_count,
}
"""SerDes whose files say how many rows they have."""


def _is_by_name(storage: Storage) -> bool:
    serde = storage.serde_info
    return serde.serialization_library == PARQUET or (
        serde.serialization_library == orc_files.ORC and orc_files.is_read_by_name(serde.parameters)
    )


def key_value(text: str, kind: pa.DataType) -> pa.Scalar:
    """Return a partition value as its key's type. HIVE_INVALID_PARTITION_VALUE when it does not fit."""
    if text == "__HIVE_DEFAULT_PARTITION__":
        return pa.scalar(None, kind)
    try:
        return pa.scalar(text).cast(kind)
    except pa.ArrowInvalid as error:
        raise QueryError(
            "HIVE_INVALID_PARTITION_VALUE",
            f"Invalid partition value '{text}' for {hive_type(kind)} partition key",
        ) from error


def _bytes_differ(one: str, other: str) -> bool:
    return {one.lower(), other.lower()} == {"binary", "string"}


def _key(text: str, kind: pa.DataType, rows: int) -> pa.Array:
    return pa.repeat(key_value(text, kind), rows)


def _constant(text: str, rows: int) -> pa.Array:
    return pa.repeat(pa.scalar(text), rows)


def _rows_only(rows: int) -> pa.Table:
    return pa.table({_ROWS: pa.nulls(rows)})
