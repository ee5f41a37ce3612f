"""The SQL of one export's view."""

from lakeshot.config.deployed import Deployed
from lakeshot.lake.layer_sql import select
from lakeshot.lake.overlay_sql import overlay_select
from lakeshot.lake.shown import Shown
from lakeshot.lake.sql import identifier, qualified
from lakeshot.names import PARTITION_KEY


def shown_select(deployed: Deployed, shown: Shown) -> str:
    """The view's query: exactly one snapshot, every column in its logical type."""
    if shown.changes:
        return overlay_select(deployed, shown)
    return select(deployed, shown.base, shown.columns, identifier(PARTITION_KEY), changes=False)


def nothing_select() -> str:
    """The query of a view that shows nothing yet: no rows."""
    return f"SELECT CAST(NULL AS varchar) AS {identifier(PARTITION_KEY)} WHERE 1 = 0"


def count_view_sql(deployed: Deployed) -> str:
    """Count the ``rows`` of the view."""
    return f'SELECT count(*) AS "rows" FROM {qualified(deployed.database, deployed.names.view)}'
