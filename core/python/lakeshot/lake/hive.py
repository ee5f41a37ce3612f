"""Snapshots as partitions of Hive tables in the Glue Data Catalog, shown by an Athena view."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from lakeshot.commit.manifest import Manifest
from lakeshot.config.deployed import Deployed
from lakeshot.errors import CatalogError
from lakeshot.lake.athena import Athena
from lakeshot.lake.count_sql import ROWS, count_sql
from lakeshot.lake.hive_partitions import partition_keys, partitions
from lakeshot.lake.hive_table import merged_columns, partition_input, table_input
from lakeshot.lake.overlay_sql import newest_changes_select
from lakeshot.lake.partitions import drop_partitions, partition_snapshots, write_partitions
from lakeshot.lake.shown import Shown
from lakeshot.lake.sql import create_view, qualified
from lakeshot.lake.staged_view import StagedView
from lakeshot.lake.tables import find_table, write_table
from lakeshot.lake.view import ViewDefinition
from lakeshot.lake.view_limits import check_query_size, check_view_size
from lakeshot.lake.view_sql import count_view_sql, nothing_select, shown_select

if TYPE_CHECKING:
    from mypy_boto3_glue.client import GlueClient
    from mypy_boto3_glue.type_defs import TableInputTypeDef, TableTypeDef


@dataclass(frozen=True)
class HiveLake:
    """The tables and the view of one deployed export (see ``lakeshot.lake.Lake``)."""

    glue: "GlueClient"
    athena: Athena
    deployed: Deployed

    def takes(self, manifest: Manifest, generation: int) -> bool:
        """Whether the generation's table, if it is there, has no other partition keys than the snapshot."""
        name = self.deployed.names.table_of(generation, changes=manifest.follows is not None)
        table = find_table(self.glue, self.deployed.database, name)
        return table is None or not _differ(_keys(table), partition_keys(manifest))

    def register(self, manifest: Manifest, generation: int) -> None:
        """Write table and partitions from the manifest's own schema.

        After a crawl this states what the crawler could only guess (types of JSON, columns that are
        null in the files it sampled, a snapshot without rows); columns of other snapshots stay.
        """
        table = self.deployed.names.table_of(generation, changes=manifest.follows is not None)
        columns: dict[str, str] = {}

        def decide(existing: "TableTypeDef | None") -> "TableInputTypeDef":
            if existing and _differ(_keys(existing), partition_keys(manifest)):
                raise CatalogError(
                    f"table {self.deployed.database}.{table} is partitioned by {', '.join(_keys(existing))}, "
                    f"and snapshot {manifest.snapshot} by {', '.join(partition_keys(manifest))}: another run "
                    "has made it meanwhile. Nothing was published; run again"
                )
            stored = existing.get("StorageDescriptor", {}).get("Columns", []) if existing else []
            columns.clear()
            columns.update(merged_columns({c["Name"]: c.get("Type", "string") for c in stored}, manifest))
            parameters = existing.get("Parameters", {}) if existing else {}
            return table_input(self.deployed, manifest, table, columns, parameters)

        write_table(self.glue, self.deployed.database, table, decide)
        write_partitions(
            self.glue,
            self.deployed.database,
            table,
            (partition_input(self.deployed, manifest, columns, one) for one in partitions(manifest)),
        )
        if self.deployed.catalog == "crawler":
            self._leave_to_later_generations(generation)

    def count_query(self, shown: Shown, *, compared: Shown | None) -> str:
        """The query that counts a snapshot's rows as a reader would, and compares them."""
        query = count_sql(self.deployed, shown, compared=compared)
        check_query_size(self.deployed.export, shown, query)
        return query

    def stage(self, shown: Shown, *, run: str) -> ViewDefinition:
        """Let Athena make the snapshot's view under a staging name and read every column of it."""
        names, database = self.deployed.names, self.deployed.database
        select = shown_select(self.deployed, shown)
        check_view_size(
            self.deployed.export,
            shown,
            table=qualified(database, names.table_of(shown.base.generation)),
            statement=create_view(database, names.view, select),
        )
        if shown.changes:
            self.athena.run(newest_changes_select(self.deployed, shown))
        return self._view.stage(run, select, snapshot=shown.snapshot)

    def staged(self, run: str) -> ViewDefinition | None:
        """The view this run has staged."""
        return self._view.staged(run)

    def unstage(self, run: str) -> None:
        """Remove the view this run has staged."""
        self._view.unstage(run)

    def stage_nothing(self) -> ViewDefinition:
        """The view of an export that has published nothing yet."""
        return self._view.stage_nothing(nothing_select())

    def shown(self) -> ViewDefinition | None:
        """What the view is now."""
        return self._view.shown()

    def replace(self, definition: ViewDefinition, *, fence: int) -> None:
        """Make the view this definition by a compare-and-set."""
        self._view.replace(definition, fence=fence)

    def shown_rows(self) -> int:
        """How many rows the view shows now."""
        return self.athena.numbers(self.athena.run(count_view_sql(self.deployed)))[ROWS]

    def remove(self, snapshot: str, generation: int, *, changes: bool) -> None:
        """Drop the snapshot's partitions."""
        table = self.deployed.names.table_of(generation, changes=changes)
        drop_partitions(self.glue, self.deployed.database, table, snapshot)

    def drop_view(self) -> None:
        """Remove the view."""
        self._view.drop()

    @property
    def _view(self) -> StagedView:
        return StagedView(self.glue, self.athena, self.deployed.names.view)

    def _leave_to_later_generations(self, newest: int) -> None:
        """Take out of the crawler's own table what belongs to the generations from 2 to ``newest``.

        A crawler knows one table only, and adds to it every folder that is no partition there yet: the
        new snapshot's, and those that were taken out after earlier crawls.
        """
        database, names = self.deployed.database, self.deployed.names
        placed: set[str] = set()
        for generation in range(2, newest + 1):
            placed |= partition_snapshots(self.glue, database, names.table_of(generation))
        if placed:
            for snapshot in sorted(placed & partition_snapshots(self.glue, database, names.table)):
                drop_partitions(self.glue, database, names.table, snapshot)


def _differ(keys: tuple[str, ...], others: tuple[str, ...]) -> bool:
    """Whether keys below the snapshot's do; that one is put right wherever it is not stated."""
    return keys[1:] != others[1:]


def _keys(table: "TableTypeDef") -> tuple[str, ...]:
    return tuple(key["Name"] for key in table.get("PartitionKeys", []))
