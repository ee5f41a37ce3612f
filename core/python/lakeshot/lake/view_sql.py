"""The SQL that reads one export's snapshots. Every identifier is quoted, every literal escaped."""

from lakeshot.columns.schema import view_expression
from lakeshot.commit.manifest import Manifest
from lakeshot.config.deployed import Deployed
from lakeshot.names import PARTITION_KEY


def identifier(name: str) -> str:
    """A name as an identifier."""
    return '"' + name.replace('"', '""') + '"'


def literal(text: str) -> str:
    """A text as a string literal."""
    return "'" + text.replace("'", "''") + "'"


def view_sql(deployed: Deployed, manifest: Manifest) -> str:
    """Let the view show exactly one snapshot, every column in its logical type."""
    return f"CREATE OR REPLACE VIEW {_view(deployed)} AS {_select(deployed, manifest)}"


def no_snapshot_sql(deployed: Deployed) -> str:
    """The view of an export that has published nothing yet: no rows."""
    nothing = f"SELECT CAST(NULL AS varchar) AS {identifier(PARTITION_KEY)} WHERE 1 = 0"
    return f"CREATE OR REPLACE VIEW {_view(deployed)} AS {nothing}"


def count_sql(deployed: Deployed, manifest: Manifest | None = None) -> str:
    """Count the rows of one snapshot, or of the view where no manifest is given."""
    if manifest is None:
        return f"SELECT count(*) FROM {_view(deployed)}"
    return f"SELECT count(*) FROM {_table(deployed)} WHERE {_partition(manifest)}"


def probe_sql(deployed: Deployed, manifest: Manifest) -> str:
    """Read one row of a snapshot through the view's own expressions."""
    return f"{_select(deployed, manifest)} LIMIT 1"


def _select(deployed: Deployed, manifest: Manifest) -> str:
    columns = [
        f"{view_expression(column, manifest.format)} AS {identifier(column.name)}"
        for column in manifest.columns
    ]
    selected = ", ".join([*columns, identifier(PARTITION_KEY)])
    return f"SELECT {selected} FROM {_table(deployed)} WHERE {_partition(manifest)}"


def _partition(manifest: Manifest) -> str:
    return f"{identifier(PARTITION_KEY)} = {literal(manifest.snapshot)}"


def _table(deployed: Deployed) -> str:
    return f"{identifier(deployed.database)}.{identifier(deployed.names.table)}"


def _view(deployed: Deployed) -> str:
    return f"{identifier(deployed.database)}.{identifier(deployed.names.view)}"
