"""The columns that a table of changes has before those of the rows.

What they are made from is no attribute of the source: their ``source`` is Lakeshot's own.
"""

from collections.abc import Iterable

from lakeshot.columns.types import BIGINT, BOOLEAN, JSON, STRING, Column

SOURCE_BEGINNING = "lakeshot:"
"""How the ``source`` of a change's column begins; an attribute that is called like that is refused."""
OPERATION = Column(name="change_operation", source="lakeshot:operation", type=STRING)
"""``insert``, ``update`` or ``delete``: what came of the row within its window, as a whole."""
WRITTEN = Column(name="change_written_micros", source="lakeshot:written_micros", type=BIGINT)
"""When the row was last written, in microseconds since 1970, as the source says."""
WINDOW = Column(name="change_window", source="lakeshot:window", type=STRING)
"""The end of the window that the change was exported in, such as ``20261121T232605Z``. A row changes once a
window at most, and what a later window says of it holds."""
REPEATED = Column(name="change_repeated", source="lakeshot:repeated", type=BOOLEAN)
"""Whether it was written so late that the next window, which begins before this one's end, has to have it
too. If that one has not, the row was inserted and deleted within it, so it is gone."""
OLD_IMAGE = Column(name="change_old_image", source="lakeshot:old_image", type=JSON)
"""The row before the window as JSON text; null for an insert."""
CHANGE_COLUMNS = (OPERATION, WRITTEN, WINDOW, REPEATED, OLD_IMAGE)
INSERT, UPDATE, DELETE = "insert", "update", "delete"
_SOURCES = frozenset(column.source for column in CHANGE_COLUMNS)


def row_columns(columns: Iterable[Column]) -> tuple[Column, ...]:
    """The columns that are the rows' own."""
    return tuple(column for column in columns if column.source not in _SOURCES)
