"""The SQL that reads one export's snapshots."""

from lakeshot.columns.schema import partition_expression, view_expression
from lakeshot.columns.types import Column
from lakeshot.commit.manifest import Manifest
from lakeshot.config.deployed import Deployed
from lakeshot.lake.sql import identifier, literal, qualified
from lakeshot.names import PARTITION_KEY


def snapshot_select(deployed: Deployed, manifest: Manifest, generation: int) -> str:
    """The view's query: exactly one snapshot, every column in its logical type."""
    columns = [_selected(column, manifest) for column in manifest.columns]
    selected = ", ".join([*columns, identifier(PARTITION_KEY)])
    return f"SELECT {selected} FROM {_snapshot(deployed, manifest, generation)}"


def nothing_select() -> str:
    """The query of a view that shows nothing yet: no rows."""
    return f"SELECT CAST(NULL AS varchar) AS {identifier(PARTITION_KEY)} WHERE 1 = 0"


def count_sql(deployed: Deployed, manifest: Manifest, generation: int) -> str:
    """Count the rows of one snapshot."""
    return f"SELECT count(*) FROM {_snapshot(deployed, manifest, generation)}"


def count_view_sql(deployed: Deployed) -> str:
    """Count the rows of the view."""
    return f"SELECT count(*) FROM {qualified(deployed.database, deployed.names.view)}"


def _selected(column: Column, manifest: Manifest) -> str:
    is_key = column.source in manifest.partition_by
    value = partition_expression(column) if is_key else view_expression(column, manifest.format)
    return f"{value} AS {identifier(column.name)}"


def _snapshot(deployed: Deployed, manifest: Manifest, generation: int) -> str:
    table = qualified(deployed.database, deployed.names.table_of(generation))
    return f"{table} WHERE {identifier(PARTITION_KEY)} = {literal(manifest.snapshot)}"
