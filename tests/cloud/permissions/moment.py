"""All that runs change, saved and put back: run table, files, tables and views."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

Key = tuple[str, ...]
Found = dict[Key, Any]
_TABLE_INPUT = frozenset(
    {
        "Name", "Description", "Retention", "StorageDescriptor", "PartitionKeys",
        "ViewOriginalText", "ViewExpandedText", "TableType", "Parameters",
    }
)  # fmt: skip
_PARTITION_INPUT = frozenset({"Values", "StorageDescriptor", "Parameters"})


@dataclass(frozen=True)
class Moment:
    """What there was: items by key, objects by key with tag and bytes, tables by name, partitions."""

    items: Mapping[Key, Any]
    objects: Mapping[Key, tuple[str, bytes]]
    tables: Mapping[Key, Any]
    partitions: Mapping[Key, Any]


@dataclass(frozen=True)
class Scene:
    """Where one stage's runs leave their traces. Query results are no traces, nobody looks for them."""

    dynamodb: Any
    s3: Any
    glue: Any
    run_table: str
    bucket: str
    database: str

    def save(self) -> Moment:
        """What is there now."""
        bodies = {
            key: (tag, self.s3.get_object(Bucket=self.bucket, Key=key[0])["Body"].read())
            for key, tag in self._objects()
        }
        tables = self._tables()
        return Moment(self._items(), bodies, tables, self._partitions(tables))

    def restore(self, moment: Moment) -> None:
        """Put everything back as it was at a moment; of uploads that are not completed none is kept."""
        self._restore_items(moment)
        self._restore_objects(moment)
        self._restore_tables(moment)
        self._restore_partitions(moment)

    def _restore_items(self, moment: Moment) -> None:
        there = self._items()
        for key in there.keys() - moment.items.keys():
            gone = {"pk": {"S": key[0]}, "sk": {"S": key[1]}}
            self.dynamodb.delete_item(TableName=self.run_table, Key=gone)
        for key, item in moment.items.items():
            if there.get(key) != item:
                self.dynamodb.put_item(TableName=self.run_table, Item=item)

    def _restore_objects(self, moment: Moment) -> None:
        there = dict(self._objects())
        for key in there.keys() - moment.objects.keys():
            self.s3.delete_object(Bucket=self.bucket, Key=key[0])
        for key, (tag, body) in moment.objects.items():
            if there.get(key) != tag:
                self.s3.put_object(Bucket=self.bucket, Key=key[0], Body=body)
        for upload in self.s3.list_multipart_uploads(Bucket=self.bucket).get("Uploads", []):
            self.s3.abort_multipart_upload(Bucket=self.bucket, Key=upload["Key"], UploadId=upload["UploadId"])

    def _restore_tables(self, moment: Moment) -> None:
        there = self._tables()
        for key in there.keys() - moment.tables.keys():
            self.glue.delete_table(DatabaseName=self.database, Name=key[0])
        for key, table in moment.tables.items():
            if key not in there:
                self.glue.create_table(DatabaseName=self.database, TableInput=table)
            elif there[key] != table:
                self.glue.update_table(DatabaseName=self.database, TableInput=table)

    def _restore_partitions(self, moment: Moment) -> None:
        there = self._partitions(moment.tables)
        for table, *values in there.keys() - moment.partitions.keys():
            self.glue.delete_partition(DatabaseName=self.database, TableName=table, PartitionValues=values)
        for key, partition in moment.partitions.items():
            place = {"DatabaseName": self.database, "TableName": key[0], "PartitionInput": partition}
            if key not in there:
                self.glue.create_partition(**place)
            elif there[key] != partition:
                self.glue.update_partition(**place, PartitionValueList=list(key[1:]))

    def _items(self) -> Found:
        pages = self.dynamodb.get_paginator("scan").paginate(TableName=self.run_table, ConsistentRead=True)
        return {(one["pk"]["S"], one["sk"]["S"]): one for page in pages for one in page["Items"]}

    def _objects(self) -> Iterator[tuple[Key, str]]:
        for page in self.s3.get_paginator("list_objects_v2").paginate(Bucket=self.bucket):
            for one in page.get("Contents", []):
                if not one["Key"].startswith("athena/"):
                    yield (one["Key"],), one["ETag"]

    def _tables(self) -> Found:
        pages = self.glue.get_paginator("get_tables").paginate(DatabaseName=self.database)
        return {(one["Name"],): _only(one, _TABLE_INPUT) for page in pages for one in page["TableList"]}

    def _partitions(self, tables: Mapping[Key, Any]) -> Found:
        found = {}
        for (table,), definition in tables.items():
            if definition["TableType"] == "VIRTUAL_VIEW":
                continue
            pages = self.glue.get_paginator("get_partitions")
            for page in pages.paginate(DatabaseName=self.database, TableName=table):
                for one in page["Partitions"]:
                    found[table, *one["Values"]] = _only(one, _PARTITION_INPUT)
        return found


def _only(shape: Mapping[str, Any], names: frozenset[str]) -> dict[str, Any]:
    return {name: value for name, value in shape.items() if name in names}
