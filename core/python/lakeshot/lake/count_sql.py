"""The query by which a snapshot is verified: it counts as a reader would, and compares if it shall."""

from collections.abc import Sequence

from lakeshot.columns.schema import unify
from lakeshot.columns.types import JSON, Column
from lakeshot.config.deployed import Deployed
from lakeshot.lake.layer_sql import snapshots_of
from lakeshot.lake.shown import Shown
from lakeshot.lake.sql import identifier
from lakeshot.lake.view_sql import shown_select

ROWS, ROWS_BENEATH, ROWS_SHOWN = "rows", "rows_beneath", "rows_shown"
"""What is counted: rows of the snapshot's own files, of all that its view is made of, and of the view."""
MISSING, SURPLUS = "missing", "surplus"
"""What is counted when it is compared: rows that it lacks, and rows that it alone has."""


def count_sql(deployed: Deployed, shown: Shown, *, compared: Shown | None) -> str:
    """One row of counts by their names."""
    if compared is not None:
        return _compare(deployed, shown, compared)
    if not shown.changes:
        counted = ", ".join(f"count(*) AS {identifier(name)}" for name in (ROWS, ROWS_SHOWN))
        return f"SELECT {counted} FROM {snapshots_of(deployed, shown.own, changes=False)}"
    # Which rows there are is told by their keys, so nothing else has to be read.
    keys = tuple(column for column in shown.columns if column.source in shown.keys)
    select = shown_select(deployed, shown.model_copy(update={"columns": keys}))
    return (
        f"SELECT {_own_rows(deployed, shown)} AS {identifier(ROWS)}, "
        f"{_rows_beneath(deployed, shown)} AS {identifier(ROWS_BENEATH)}, "
        f"(SELECT count(*) FROM ({select})) AS {identifier(ROWS_SHOWN)}"
    )


def _compare(deployed: Deployed, shown: Shown, compared: Shown) -> str:
    """Both are read once; rows that are equal are counted on either side."""
    columns = unify([shown.columns, compared.columns], published=shown.columns)
    names = ", ".join(f"c{number}" for number in range(len(columns)))
    sides = " UNION ALL ".join(
        f"SELECT {_comparable(columns)}, {is_shown} AS is_shown FROM "
        f"({shown_select(deployed, side.model_copy(update={'columns': columns}))})"
        for side, is_shown in ((shown, "true"), (compared, "false"))
    )
    rows_shown = "coalesce(sum(shown), 0)"
    rows = _own_rows(deployed, shown) if shown.changes else rows_shown
    return (
        f"SELECT {rows} AS {identifier(ROWS)}, {rows_shown} AS {identifier(ROWS_SHOWN)}, "
        f"coalesce(sum(greatest(compared - shown, 0)), 0) AS {identifier(MISSING)}, "
        f"coalesce(sum(greatest(shown - compared, 0)), 0) AS {identifier(SURPLUS)} FROM "
        f"(SELECT count_if(is_shown) AS shown, count_if(NOT is_shown) AS compared FROM ({sides}) "
        f"GROUP BY {names})"
    )


def _own_rows(deployed: Deployed, shown: Shown) -> str:
    return f"(SELECT count(*) FROM {snapshots_of(deployed, shown.own, changes=True)})"


def _rows_beneath(deployed: Deployed, shown: Shown) -> str:
    layers = [(shown.base, False), *((layer, True) for layer in shown.changes)]
    counted = (snapshots_of(deployed, layer, changes=is_changes) for layer, is_changes in layers)
    return " + ".join(f"(SELECT count(*) FROM {rows})" for rows in counted)


def _comparable(columns: Sequence[Column]) -> str:
    return ", ".join(f"{_unordered(column)} AS c{number}" for number, column in enumerate(columns))


def _unordered(column: Column) -> str:
    """Sets have no order, nor have the keys of JSON objects."""
    name = identifier(column.name)
    if column.type == JSON:
        return f"json_format(json_parse({name}))"
    return f"array_sort({name})" if column.type.is_array else name
