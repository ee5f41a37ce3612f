"""Makes lossless JSON text of maps and lists where they stand, so that no parser builds their fields.

The JSON text of a map or list is its own bytes without DynamoDB's wrappers, so the page's brackets tell
which bytes to drop. Nothing here loops over values in Python.
"""

import numpy as np

from lakeshot.dynamodb.spans import Bytes, Positions, cut
from lakeshot.dynamodb.wrappers import NULL, TAGS, VALUE_OFFSETS, N, Wrappers

_NULL_WORD = np.frombuffer(b"null", np.uint8)
_BEFORE = (VALUE_OFFSETS + (np.arange(len(TAGS)) == N)).astype(np.uint8)
"""By tag, how much of a wrapper goes before its value: of a number also the quote it begins with."""
_AFTER = np.where(np.arange(len(TAGS)) == N, len('"}'), len("}")).astype(np.uint8)
"""By tag, how much of it goes behind the value."""


def unwrap(characters: Bytes, positions: Positions, wrappers: Wrappers) -> tuple[Bytes, Positions]:
    """The text without the wrappers that JSON text does without, and where its brackets stand then.

    ``{"M":{"a":{"N":"1"}}}`` becomes ``{"M":{"a":1}}``. ``positions`` are those of all brackets; what is
    given for a bracket that was dropped means nothing.
    """
    plain = wrappers.where(wrappers.is_plain)
    if not len(plain.opens):
        return characters, positions
    dropped, is_end = np.zeros(len(positions), np.uint8), np.zeros(len(positions), np.bool_)
    dropped[plain.opens], dropped[plain.closes] = _BEFORE.take(plain.tags), _AFTER.take(plain.tags)
    is_end[plain.closes] = True
    chosen = np.flatnonzero(dropped.view(np.bool_))
    lengths = dropped.take(chosen)
    starts = positions.take(chosen) - np.where(is_end.take(chosen), lengths - 1, 0)
    kept = cut(characters, np.append(0, starts + lengths), np.append(starts, len(characters)))
    unwrapped = np.frombuffer(kept.buffers()[2], np.uint8).copy()
    moved = positions - dropped.cumsum(dtype=np.intp)
    nulls = plain.closes.take(np.flatnonzero(plain.tags == NULL))
    null_words = moved.take(nulls) + len("}") - len(_NULL_WORD)
    unwrapped[null_words[:, None] + np.arange(len(_NULL_WORD))] = _NULL_WORD
    return unwrapped, moved
