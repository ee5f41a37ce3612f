"""The query of a whole snapshot overlaid by the changes that follow it.

Of all changes of a row the latest says what it is now. Rows of the whole snapshot are shown if nothing says
that they changed.
"""

from lakeshot.columns.changes import DELETE, OPERATION, REPEATED, WINDOW, WRITTEN
from lakeshot.columns.schema import trino_type
from lakeshot.columns.types import STRING
from lakeshot.config.deployed import Deployed
from lakeshot.lake.layer_sql import select
from lakeshot.lake.shown import Shown
from lakeshot.lake.sql import identifier, literal
from lakeshot.names import PARTITION_KEY

_CHANGES, _BASE = '"changes"', '"base"'
_AGE = '"age of change"'
"""What no column is called, because columns have no spaces in their names."""
_OPERATION, _WRITTEN, _WINDOW, _REPEATED = (
    identifier(column.name) for column in (OPERATION, WRITTEN, WINDOW, REPEATED)
)


def overlay_select(deployed: Deployed, shown: Shown) -> str:
    """One row per key, with the columns of what is shown and the snapshot itself as their partition value."""
    names = ", ".join(identifier(column.name) for column in shown.columns)
    base = select(deployed, shown.base, shown.columns, changes=False)
    snapshot = f"CAST({literal(shown.snapshot)} AS {trino_type(STRING)}) AS {identifier(PARTITION_KEY)}"
    return (
        f"WITH {_CHANGES} AS ({_all_changes(deployed, shown)}) "
        f"SELECT {_BASE}.*, {snapshot} FROM ({base}) AS {_BASE} "
        f"WHERE NOT EXISTS (SELECT 1 FROM {_CHANGES} WHERE {_same_row(shown)}) "
        f"UNION ALL SELECT {names}, {snapshot} FROM ({_by_age(shown)}) WHERE {_is_there(shown)}"
    )


def newest_changes_select(deployed: Deployed, shown: Shown) -> str:
    """One row of the newest changes, in all columns that are shown.

    Who reads one row of the view may be given it by the whole snapshot alone.
    """
    return f"{select(deployed, shown.own, shown.columns, changes=True)} LIMIT 1"


def _all_changes(deployed: Deployed, shown: Shown) -> str:
    wanted = (*shown.columns, OPERATION, WRITTEN, WINDOW, REPEATED)
    return " UNION ALL ".join(select(deployed, layer, wanted, changes=True) for layer in shown.changes)


def _same_row(shown: Shown) -> str:
    return " AND ".join(f"{_CHANGES}.{key} = {_BASE}.{key}" for key in _keys(shown))


def _by_age(shown: Shown) -> str:
    keys = ", ".join(_keys(shown))
    order = f"ORDER BY {_WINDOW} DESC, {_WRITTEN} DESC"
    return f"SELECT *, row_number() OVER (PARTITION BY {keys} {order}) AS {_AGE} FROM {_CHANGES}"


def _is_there(shown: Shown) -> str:
    """Whether the latest change of a row leaves it there.

    What has to be in the next window, too, and is not, was inserted and deleted in that one. After the last
    window there is none yet.
    """
    is_gone = f"{_REPEATED} AND {_WINDOW} <> {literal(shown.last_window)}"
    return f"{_AGE} = 1 AND {_OPERATION} <> {literal(DELETE)} AND NOT ({is_gone})"


def _keys(shown: Shown) -> list[str]:
    return [identifier(column.name) for column in shown.columns if column.source in shown.keys]
