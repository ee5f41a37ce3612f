"""Columns as few bytes: how they travel from thousands of part workers to the one commit.

Files of a run mostly have the same columns. Equal columns are equal bytes, so that whoever has many files
groups them by these and decodes each once.
"""

import json
import zlib
from functools import lru_cache

from lakeshot.columns.types import Column, ColumnType

_SCHEMAS_KEPT = 1_024
_COLUMNS_KEPT = 65_536


@lru_cache(maxsize=_SCHEMAS_KEPT)
def pack(columns: tuple[Column, ...]) -> bytes:
    """The bytes that ``unpack`` makes the same columns of."""
    rows = [[column.name, column.source, str(column.type)] for column in columns]
    return zlib.compress(json.dumps(rows, separators=(",", ":")).encode())


@lru_cache(maxsize=_SCHEMAS_KEPT)
def unpack(packed: bytes) -> tuple[Column, ...]:
    """The columns; one and the same object stands for a column wherever it is met."""
    return tuple(_column(*row) for row in json.loads(zlib.decompress(packed)))


@lru_cache(maxsize=_COLUMNS_KEPT)
def _column(name: str, source: str, type_text: str) -> Column:
    return Column(name=name, source=source, type=ColumnType.parse(type_text))
