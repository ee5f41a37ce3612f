"""Snapshots as partitions of a Hive table in the Glue Data Catalog, shown by an Athena view."""

from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

from lakeshot.commit.manifest import Manifest
from lakeshot.config.deployed import Deployed
from lakeshot.lake.athena import Athena
from lakeshot.lake.hive_table import merged_columns, partition_input, table_input
from lakeshot.lake.view_sql import count_sql, no_snapshot_sql, probe_sql, view_sql
from lakeshot.refusals import refusals_named

if TYPE_CHECKING:
    from mypy_boto3_glue.client import GlueClient
    from mypy_boto3_glue.type_defs import PartitionInputTypeDef


@dataclass(frozen=True)
class HiveLake:
    """The table and the view of one deployed export (see ``lakeshot.lake.Lake``)."""

    glue: "GlueClient"
    athena: Athena
    deployed: Deployed

    def register(self, manifest: Manifest) -> None:
        """Write table and partition from the manifest's own schema.

        After a crawl this states what the crawler could only guess (types of JSON, columns that are
        null in the files it sampled, a snapshot without rows); columns of other snapshots stay.
        """
        database, table = self.deployed.database, self.deployed.names.table
        with refusals_named("glue:CreateTable", f"table/{database}/{table}"):
            try:
                existing = self.glue.get_table(DatabaseName=database, Name=table)["Table"]
            except self.glue.exceptions.EntityNotFoundException:
                columns = merged_columns({}, manifest)
                self.glue.create_table(
                    DatabaseName=database, TableInput=table_input(self.deployed, manifest, columns)
                )
            else:
                stored = existing.get("StorageDescriptor", {}).get("Columns", [])
                columns = merged_columns({c["Name"]: c.get("Type", "string") for c in stored}, manifest)
                self.glue.update_table(
                    DatabaseName=database,
                    TableInput=table_input(self.deployed, manifest, columns, existing.get("Parameters", {})),
                    SkipArchive=True,
                )
            self._register_partition(partition_input(self.deployed, manifest, columns))

    def _register_partition(self, partition: "PartitionInputTypeDef") -> None:
        database, table = self.deployed.database, self.deployed.names.table
        try:
            self.glue.create_partition(DatabaseName=database, TableName=table, PartitionInput=partition)
        except self.glue.exceptions.AlreadyExistsException:
            self.glue.update_partition(
                DatabaseName=database,
                TableName=table,
                PartitionInput=partition,
                PartitionValueList=partition.get("Values", []),
            )

    def count_query(self, manifest: Manifest) -> str:
        """The query that counts a snapshot's rows as a reader would."""
        return count_sql(self.deployed, manifest)

    def probe(self, manifest: Manifest) -> None:
        """Read every column of a snapshot as the view will."""
        self.athena.run(probe_sql(self.deployed, manifest))

    def show(self, manifest: Manifest | None) -> None:
        """Replace the view, which Athena does as one change."""
        self.athena.run(
            no_snapshot_sql(self.deployed) if manifest is None else view_sql(self.deployed, manifest)
        )

    def shown_rows(self) -> int:
        """How many rows the view shows now."""
        return self.athena.number(self.athena.run(count_sql(self.deployed)))

    def remove(self, snapshot: str) -> None:
        """Drop the snapshot's partition."""
        database, table = self.deployed.database, self.deployed.names.table
        with (
            suppress(self.glue.exceptions.EntityNotFoundException),
            refusals_named("glue:DeletePartition", f"table/{database}/{table}"),
        ):
            self.glue.delete_partition(DatabaseName=database, TableName=table, PartitionValues=[snapshot])

    def drop_view(self) -> None:
        """Remove the view by the Glue API, which spares a query."""
        database, view = self.deployed.database, self.deployed.names.view
        with (
            suppress(self.glue.exceptions.EntityNotFoundException),
            refusals_named("glue:DeleteTable", f"table/{database}/{view}"),
        ):
            self.glue.delete_table(DatabaseName=database, Name=view)
