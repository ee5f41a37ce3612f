"""Which texts are timestamps of the years 1 to 9999, looked at all at once."""

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from lakeshot.columns.types import TIMESTAMP, TIMESTAMP_TEXT, ColumnType

_UTC = "+00"
_UTC_AS_ZONE = r"\+00( BC)?$"
_YEAR_END = 4
_DASH, _LAST_OF_BC = b"-C"


def classified(texts: pa.StringArray) -> tuple[pa.Array, ColumnType]:
    """Timestamps as ``2026-11-22 09:05:00.25``, or as PostgreSQL prints them if one is of no such year."""
    return texts, TIMESTAMP if _are_usual(texts) else TIMESTAMP_TEXT


def without_zone(texts: pa.StringArray) -> tuple[pa.Array, ColumnType]:
    """The same for texts that say behind the time that they are in UTC; one that does not stays whole."""
    if _are_usual(texts, zone=_UTC):
        # as bytes, which takes a quarter of the time
        return pc.binary_slice(texts.view(pa.binary()), 0, -len(_UTC)).view(pa.string()), TIMESTAMP
    return pc.replace_substring_regex(texts, _UTC_AS_ZONE, r"\1"), TIMESTAMP_TEXT


def _are_usual(texts: pa.StringArray, zone: str = "") -> bool:
    """Whether none is like ``infinity``, ``10000-01-01 …`` or ``… BC``, and all end with the zone.

    The texts are no slice of others.
    """
    _, offsets, data = texts.buffers()
    if data is None or not data.size:
        return True
    bounds = np.frombuffer(offsets, np.int32)[: len(texts) + 1]
    starts, ends = bounds[:-1], bounds[1:]
    if texts.null_count:
        filled = ends > starts
        starts, ends = starts[filled], ends[filled]
    characters = np.frombuffer(data, np.uint8)
    return bool(
        (characters[starts + _YEAR_END] == _DASH).all()
        and (characters[ends - 1] != _LAST_OF_BC).all()
        and all((characters[ends - back] == last).all() for back, last in enumerate(zone[::-1].encode(), 1))
    )
