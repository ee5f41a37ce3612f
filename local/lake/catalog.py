"""The Glue Data Catalog, read and written as whoever the client acts for.

Field names are Glue's own (https://docs.aws.amazon.com/glue/latest/webapi/API_TableInput.html).
"""

from collections.abc import Iterator, Sequence
from typing import Any

import boto3
from botocore.exceptions import ClientError
from pydantic import BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_pascal

_BATCH = 100  # BatchCreatePartition and BatchUpdatePartition take at most 100 entries


class _GlueModel(BaseModel):
    """A structure of Glue's API: unknown members are dropped, absent ones stay absent when written."""

    model_config = ConfigDict(frozen=True, alias_generator=to_pascal, populate_by_name=True)

    def api(self) -> dict[str, Any]:
        """The structure as a request member."""
        return self.model_dump(by_alias=True, exclude_none=True)


class Column(_GlueModel):
    """One declared column; ``type`` is Hive's spelling."""

    name: str
    type: str = "string"
    comment: str | None = None


class Serde(_GlueModel):
    """How rows are decoded."""

    serialization_library: str | None = None
    parameters: dict[str, str] = Field(default_factory=dict)


class Storage(_GlueModel):
    """Columns, place and decoding of a table's or a partition's files."""

    columns: tuple[Column, ...] = ()
    location: str = ""
    input_format: str = ""
    output_format: str = ""
    compressed: bool = False
    number_of_buckets: int = -1
    serde_info: Serde = Serde()
    bucket_columns: tuple[str, ...] = ()
    sort_columns: tuple[dict[str, Any], ...] = ()
    parameters: dict[str, str] = Field(default_factory=dict)
    stored_as_sub_directories: bool = False


class Partition(_GlueModel):
    """A registered partition: its key values in the order of the table's partition keys."""

    values: tuple[str, ...]
    storage_descriptor: Storage = Storage()
    parameters: dict[str, str] = Field(default_factory=dict)


class Table(_GlueModel):
    """A table or a view of the catalog."""

    name: str
    owner: str | None = None
    storage_descriptor: Storage = Storage()
    partition_keys: tuple[Column, ...] = ()
    table_type: str = "EXTERNAL_TABLE"
    parameters: dict[str, str] = Field(default_factory=dict)
    view_original_text: str | None = None
    view_expanded_text: str | None = None

    @property
    def is_view(self) -> bool:
        """Whether rows come from a stored query and not from files."""
        return self.table_type == "VIRTUAL_VIEW"


class Catalog:
    """Tables and partitions of one account and region, under one caller's permissions."""

    def __init__(self, session: boto3.Session) -> None:
        self._glue: Any = session.client("glue")

    def has_database(self, name: str) -> bool:
        """Whether the database exists."""
        return self._found(self._glue.get_database, Name=name) is not None

    def table(self, database: str, name: str) -> Table | None:
        """The table or view of this name, or None."""
        reply = self._found(self._glue.get_table, DatabaseName=database, Name=name)
        return None if reply is None else Table.model_validate(reply["Table"])

    def tables(self, database: str) -> Iterator[Table]:
        """Every table and view of a database."""
        pages = self._glue.get_paginator("get_tables").paginate(DatabaseName=database)
        return (Table.model_validate(entry) for page in pages for entry in page["TableList"])

    def partitions(self, database: str, table: str) -> list[Partition]:
        """Every registered partition of a table."""
        pages = self._glue.get_paginator("get_partitions").paginate(DatabaseName=database, TableName=table)
        return [Partition.model_validate(entry) for page in pages for entry in page["Partitions"]]

    def create(self, database: str, table: Table) -> None:
        """Add a table or a view."""
        self._glue.create_table(DatabaseName=database, TableInput=table.api())

    def update(self, database: str, table: Table) -> None:
        """Replace a table or a view of the same name."""
        self._glue.update_table(DatabaseName=database, TableInput=table.api())

    def delete(self, database: str, name: str) -> None:
        """Remove a table or a view; files stay."""
        self._glue.delete_table(DatabaseName=database, Name=name)

    def add_partitions(self, database: str, table: str, partitions: Sequence[Partition]) -> None:
        """Register partitions; those already registered stay as they are."""
        for start in range(0, len(partitions), _BATCH):
            batch = [partition.api() for partition in partitions[start : start + _BATCH]]
            self._glue.batch_create_partition(
                DatabaseName=database, TableName=table, PartitionInputList=batch
            )

    def update_partitions(self, database: str, table: str, partitions: Sequence[Partition]) -> None:
        """Replace the descriptors of registered partitions."""
        for start in range(0, len(partitions), _BATCH):
            entries = [
                {"PartitionValueList": list(partition.values), "PartitionInput": partition.api()}
                for partition in partitions[start : start + _BATCH]
            ]
            self._glue.batch_update_partition(DatabaseName=database, TableName=table, Entries=entries)

    def delete_partition(self, database: str, table: str, values: Sequence[str]) -> None:
        """Unregister one partition; files stay."""
        self._glue.delete_partition(DatabaseName=database, TableName=table, PartitionValues=list(values))

    @staticmethod
    def _found(call: Any, **arguments: str) -> dict[str, Any] | None:  # noqa: ANN401 - a botocore method
        try:
            reply: dict[str, Any] = call(**arguments)
        except ClientError as error:
            if error.response["Error"]["Code"] == "EntityNotFoundException":
                return None
            raise
        return reply
