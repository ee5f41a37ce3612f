"""The one rule that turns a source's attribute names into column names every catalog accepts.

Lower case; any character but ``a-z``, digits and ``_`` becomes ``_``; at most 255 bytes. Where several
attributes want one name, the attribute that is equal to it gets it, else the first in code-point
order; the others get a suffix made of their own name, so that it never depends on the rest. A name
that was published stays with its attribute, whatever attributes come later.
"""

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from hashlib import sha256
from itertools import count
from types import MappingProxyType

from lakeshot.columns.changes import CHANGE_COLUMNS
from lakeshot.names import PARTITION_KEY

RESERVED = frozenset({PARTITION_KEY, *(column.name for column in CHANGE_COLUMNS)})
"""What no attribute's column is called: the tables of snapshots and of changes have them beside the rows'."""
MAX_BYTES = 255
"""Longest column name in the Glue catalog."""

_KEPT_BYTES = 240
_LONG_NAME_DIGITS = 8
_COLLISION_DIGITS = 6
_REFUSED = re.compile(r"[^a-z0-9_]")
_NOTHING: Mapping[str, str] = MappingProxyType({})


def column_names(sources: Iterable[str], published: Mapping[str, str] = _NOTHING) -> dict[str, str]:
    """The column name of each source attribute: unique, and never one that is reserved.

    ``published`` are the names that attributes have already, whether they are among the sources or not.
    """
    all_sources = set(sources)
    wanting: dict[str, list[str]] = defaultdict(list)
    for source in sorted(all_sources - published.keys()):
        wanting[_wanted(source)].append(source)
    names = {source: name for source, name in published.items() if source in all_sources}
    refused = {*published.values(), *RESERVED}
    for name, candidates in wanting.items():
        if name not in refused:
            names[name if name in candidates else candidates[0]] = name
    taken = {*wanting, *refused}
    for name, candidates in wanting.items():
        for source in candidates:
            if source not in names:
                names[source] = _suffixed(name, source, taken)
                taken.add(names[source])
    return names


def _wanted(source: str) -> str:
    name = _REFUSED.sub("_", source.lower()) or "_"
    if len(name) <= MAX_BYTES:
        return name
    return f"{name[:_KEPT_BYTES]}_{_digest(source)[:_LONG_NAME_DIGITS]}"


def _suffixed(name: str, source: str, taken: set[str]) -> str:
    """The name with the source's digest, longer only where an attribute is itself called like that."""
    digest = _digest(source)
    candidates = (
        f"{name[: MAX_BYTES - 1 - digits]}_{digest[:digits]}" for digits in count(_COLLISION_DIGITS)
    )
    return next(candidate for candidate in candidates if candidate not in taken)


def _digest(source: str) -> str:
    return sha256(source.encode()).hexdigest()
