"""A data lake without servers: the catalog and the objects that a stand-in reads, held in dictionaries."""

import gzip
import io
import json
from collections.abc import Iterator, Mapping, Sequence

import pyarrow as pa
import pyarrow.parquet as pq

from local.athena.result import Result
from local.athena.statement import Outcome, Statement
from local.athena.table_definition import FORMATS
from local.athena.table_scan import PARQUET
from local.lake.catalog import Catalog, Column, Partition, Serde, Storage, Table
from local.lake.objects import ObjectStore, StoredObject, is_hidden, split_uri


class MemoryCatalog(Catalog):
    """A catalog of dictionaries."""

    def __init__(self) -> None:
        self.databases: dict[str, dict[str, Table]] = {"lakeshot": {}}
        self.registered: dict[tuple[str, str], dict[tuple[str, ...], Partition]] = {}

    def has_database(self, name: str) -> bool:
        return name in self.databases

    def table(self, database: str, name: str) -> Table | None:
        return self.databases.get(database, {}).get(name)

    def tables(self, database: str) -> Iterator[Table]:
        return iter(self.databases[database].values())

    def partitions(self, database: str, table: str) -> list[Partition]:
        return list(self.registered.get((database, table), {}).values())

    def create(self, database: str, table: Table) -> None:
        assert table.name not in self.databases[database]
        self.databases[database][table.name] = table

    def update(self, database: str, table: Table) -> None:
        assert table.name in self.databases[database]
        self.databases[database][table.name] = table

    def delete(self, database: str, name: str) -> None:
        del self.databases[database][name]

    def add_partitions(self, database: str, table: str, partitions: Sequence[Partition]) -> None:
        known = self.registered.setdefault((database, table), {})
        for partition in partitions:
            known.setdefault(partition.values, partition)

    def update_partitions(self, database: str, table: str, partitions: Sequence[Partition]) -> None:
        self.registered[database, table].update({partition.values: partition for partition in partitions})

    def delete_partition(self, database: str, table: str, values: Sequence[str]) -> None:
        self.registered.get((database, table), {}).pop(tuple(values), None)


class MemoryStore(ObjectStore):
    """Objects of one bucket, ``lake``, by key."""

    def __init__(self) -> None:
        self.objects: dict[str, bytes] = {}
        self.bytes_read = 0

    def list(self, location: str) -> Iterator[StoredObject]:
        folder = split_uri(location)[1].rstrip("/") + "/"
        for key in sorted(self.objects):
            relative = key.removeprefix(folder)
            if key.startswith(folder) and not is_hidden(relative):
                yield StoredObject("lake", key, len(self.objects[key]), relative)

    def read(self, stored: StoredObject, first_byte: int = 0, size_bytes: int | None = None) -> bytes:
        body = self.objects[stored.key]
        part = body if size_bytes is None else body[first_byte : first_byte + size_bytes]
        self.bytes_read += len(part)
        return part

    def write(self, uri: str, body: bytes, content_type: str) -> None:
        self.objects[split_uri(uri)[1]] = body

    def require_bucket(self, uri: str) -> None:
        assert split_uri(uri)[0] == "lake"

    def put_parquet(self, key: str, columns: Mapping[str, object] | pa.Table) -> None:
        """Put one Parquet file."""
        table = columns if isinstance(columns, pa.Table) else pa.table(dict(columns))
        buffer = io.BytesIO()
        pq.write_table(table, buffer)
        self.objects[key] = buffer.getvalue()

    def put_json(self, key: str, *rows: object) -> None:
        """Put one file of JSON lines; a row that is text is written as it is."""
        lines = (row if isinstance(row, str) else json.dumps(row) for row in rows)
        body = "".join(line + "\n" for line in lines).encode()
        self.objects[key] = gzip.compress(body) if key.endswith(".gz") else body


class Lake:
    """One database, ``lakeshot``, with its catalog and its objects."""

    def __init__(self) -> None:
        self.catalog = MemoryCatalog()
        self.store = MemoryStore()

    def declare(
        self,
        name: str,
        columns: Mapping[str, str],
        *,
        serde: str = PARQUET,
        parameters: Mapping[str, str] | None = None,
        keys: Mapping[str, str] | None = None,
    ) -> None:
        """Declare a table at ``s3://lake/<name>/``."""
        storage = Storage(
            columns=_columns(columns),
            location=f"s3://lake/{name}/",
            input_format=FORMATS.get(serde, ("", ""))[0],
            serde_info=Serde(serialization_library=serde, parameters=dict(parameters or {})),
        )
        self.catalog.create(
            "lakeshot", Table(name=name, storage_descriptor=storage, partition_keys=_columns(keys or {}))
        )

    def register(self, table: str, value: str, columns: Mapping[str, str] | None = None) -> None:
        """Register the partition ``snapshot_timestamp=<value>``, with the table's columns or its own."""
        own = self.catalog.databases["lakeshot"][table].storage_descriptor
        changed: dict[str, object] = {"location": f"s3://lake/{table}/snapshot_timestamp={value}/"}
        if columns is not None:
            changed["columns"] = _columns(columns)
        partition = Partition(values=(value,), storage_descriptor=own.model_copy(update=changed))
        self.catalog.add_partitions("lakeshot", table, [partition])

    def run(self, sql: str) -> Outcome:
        """Run one statement."""
        store = self.store
        store.bytes_read = 0
        return Statement(sql, "lakeshot", self.catalog, store, lambda: None).run("s3://lake/results/q.csv")

    def query(self, sql: str) -> Result:
        """Run one statement for its result."""
        return self.run(sql).result

    def rows(self, sql: str) -> list[tuple[str | None, ...]]:
        """Run one statement for its rows."""
        return [tuple(row) for row in self.query(sql).rows]


def _columns(columns: Mapping[str, str]) -> tuple[Column, ...]:
    return tuple(Column(name=name, type=kind) for name, kind in columns.items())
