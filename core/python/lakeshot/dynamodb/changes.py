"""What became of items within a window, as an incremental export of DynamoDB tells it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pyarrow as pa
import pyarrow.compute as pc

from lakeshot.columns.changes import CHANGE_COLUMNS, SOURCE_BEGINNING
from lakeshot.columns.schema import arrow_schema
from lakeshot.columns.types import Column
from lakeshot.dynamodb.columns import typed
from lakeshot.dynamodb.items import Items
from lakeshot.dynamodb.windows import Window
from lakeshot.errors import SourceError

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True, eq=False)
class Changes:
    """Changes of a piece of an incremental export.

    Row grain: one per item that was written in the ``window``. ``items`` are what those items are since
    then; of one that was deleted there is just its key. ``operations``, ``written_micros`` (since 1970) and
    ``old_images`` (JSON text; null where there was none) are those of ``lakeshot.columns.changes``.
    """

    items: Items
    operations: pa.StringArray
    written_micros: pa.Int64Array
    old_images: pa.StringArray
    window: Window

    @property
    def num_rows(self) -> int:
        """Changes, and the rows they make."""
        return self.items.num_rows

    @property
    def nbytes(self) -> int:
        """Bytes of memory."""
        own = (self.operations, self.written_micros, self.old_images)
        return self.items.nbytes + sum(int(array.nbytes) for array in own)

    @property
    def column_names(self) -> tuple[str, ...]:
        """The attributes of the items, and what the columns of changes have for one."""
        return (*(column.source for column in CHANGE_COLUMNS), *self.items.column_names)


def typed_changes(batches: Sequence[Changes]) -> tuple[pa.Table, tuple[Column, ...]]:
    """The changes of all batches as one table, and its columns: those of changes, then those of the items.

    Row grain: one row per change, in the order given. ``SourceError`` for a value that is not what its type
    tag says, and for an attribute that is called as if it were Lakeshot's own.
    """
    names = {name for batch in batches for name in batch.items.column_names}
    if taken := sorted(name for name in names if name.startswith(SOURCE_BEGINNING)):
        raise SourceError(
            f"attribute {taken[0]!r} begins with {SOURCE_BEGINNING!r}, as only what Lakeshot itself adds to "
            "changes may; rename it in the table and run once with full: true, or say kind: snapshot in "
            "exports.yaml"
        )
    table, columns = typed([batch.items for batch in batches])
    own = [
        pa.concat_arrays([batch.operations for batch in batches]),
        pa.concat_arrays([batch.written_micros for batch in batches]),
        pa.concat_arrays([pa.repeat(batch.window.name, batch.num_rows) for batch in batches]),
        pa.concat_arrays([_repeated(batch) for batch in batches]),
        pa.concat_arrays([batch.old_images for batch in batches]),
    ]
    all_columns = (*CHANGE_COLUMNS, *columns)
    return pa.Table.from_arrays([*own, *table.columns], schema=arrow_schema(all_columns)), all_columns


def _repeated(batch: Changes) -> pa.BooleanArray:
    """Which of the changes are in the next window, too."""
    since = (batch.window.repeated_from - _EPOCH) // timedelta(microseconds=1)
    return pc.greater_equal(batch.written_micros, since)
