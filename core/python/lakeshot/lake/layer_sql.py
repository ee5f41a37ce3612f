"""The SQL that reads one layer of what a view shows: some partitions of one table."""

from collections.abc import Iterable

from lakeshot.columns.schema import partition_expression, view_expression
from lakeshot.columns.types import Column
from lakeshot.config.deployed import Deployed
from lakeshot.lake.shown import Layer
from lakeshot.lake.sql import identifier, literal, qualified
from lakeshot.lake.widening_sql import null_of, widened
from lakeshot.names import PARTITION_KEY


def select(deployed: Deployed, layer: Layer, wanted: Iterable[Column], *more: str, changes: bool) -> str:
    """The layer's rows in the wanted columns, by attribute: as wide as wanted, null if it has none.

    ``more`` are selected as they are. ``ValueError`` if a column is wider than wanted.
    """
    given = {column.source: column for column in layer.columns}
    columns = [f"{_value(layer, given.get(to.source), to)} AS {identifier(to.name)}" for to in wanted]
    return f"SELECT {', '.join([*columns, *more])} FROM {snapshots_of(deployed, layer, changes=changes)}"


def snapshots_of(deployed: Deployed, layer: Layer, *, changes: bool) -> str:
    """The layer's table and the condition that its partitions fulfil, to be put after FROM."""
    table = qualified(deployed.database, deployed.names.table_of(layer.generation, changes=changes))
    values = [literal(snapshot) for snapshot in layer.snapshots]
    chosen = f"= {values[0]}" if len(values) == 1 else f"IN ({', '.join(values)})"
    return f"{table} WHERE {identifier(PARTITION_KEY)} {chosen}"


def _value(layer: Layer, given: Column | None, wanted: Column) -> str:
    if given is None:
        return null_of(wanted.type)
    is_in_folders = given.source in layer.partition_by
    value = partition_expression(given) if is_in_folders else view_expression(given, layer.format)
    return widened(value, given.type, wanted.type)
