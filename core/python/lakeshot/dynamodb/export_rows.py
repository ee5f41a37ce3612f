"""What the lines of an export are: items, or changes of items if it is the export of a window."""

from collections.abc import Sequence

import pyarrow as pa

from lakeshot.columns.types import Column
from lakeshot.dynamodb.change_lines import is_change, read_changes
from lakeshot.dynamodb.changes import Changes, typed_changes
from lakeshot.dynamodb.columns import typed
from lakeshot.dynamodb.export_lines import is_item, read_lines
from lakeshot.dynamodb.items import Items
from lakeshot.dynamodb.windows import Window

ExportRows = Items | Changes
"""One row per line of a data file."""


def read_rows(lines: bytes, window: Window | None) -> ExportRows:
    """The rows of whole lines, in their order; ``ValueError`` for what is no such line."""
    return read_lines(lines) if window is None else read_changes(lines, window)


def typed_rows(batches: Sequence[ExportRows]) -> tuple[pa.Table, tuple[Column, ...]]:
    """All rows, which are of one sort, as one table, and its columns.

    ``SourceError`` for a value that is not what its type tag says, or an attribute's name that is refused.
    """
    changes = [batch for batch in batches if isinstance(batch, Changes)]
    return typed_changes(changes) if changes else typed([one for one in batches if isinstance(one, Items)])


def check_line(line: bytes, window: Window | None) -> None:
    """Raise ``ValueError`` or ``SourceError`` that says what is wrong with one line, and nothing it holds."""
    if window is None and not is_item(line):
        raise ValueError('it is no item, as in {"Item":{"attribute":{"S":"value"}}}')
    if window is not None and not is_change(line):
        raise ValueError('it is no change, as in {"Metadata":{…},"Keys":{…},"NewImage":{…},"OldImage":{…}}')
    typed_rows([read_rows(line + b"\n", window)])
