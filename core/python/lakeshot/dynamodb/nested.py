"""Makes lossless JSON text of maps and lists where they stand, so that no parser builds their fields.

The JSON text of a map or list is its own bytes without DynamoDB's wrappers, so the page's brackets tell
which bytes to drop. Nothing here loops over values in Python.
"""

import numpy as np

from lakeshot.dynamodb.spans import Bytes, Mask, Positions
from lakeshot.dynamodb.wrappers import (
    BOOL,
    NULL,
    NUMBER_TAG_BYTES,
    TAG_BYTES,
    WORD_TAG_BYTES,
    N,
    Wrappers,
)

_NULL_WORD = np.frombuffer(b"null", np.uint8)


def unwrap(characters: Bytes, positions: Positions, wrappers: Wrappers) -> tuple[Bytes, Positions]:
    """The text without the wrappers that JSON text does without, and where its brackets stand then.

    ``{"M":{"a":{"N":"1"}}}`` becomes ``{"M":{"a":1}}``. ``positions`` are those of all brackets; what is
    given for a bracket that was dropped means nothing.
    """
    kept, dropped = np.ones(len(characters), np.bool_), np.zeros(len(positions), positions.dtype)
    plain = wrappers.where(wrappers.is_plain)
    is_number = plain.tags == N
    is_word = (plain.tags == BOOL) | (plain.tags == NULL)
    for chosen, before, after in (
        (is_number, NUMBER_TAG_BYTES, len('"}')),
        (is_word, WORD_TAG_BYTES, len("}")),
        (~is_number & ~is_word, TAG_BYTES, len("}")),
    ):
        opens, closes = plain.opens[chosen], plain.closes[chosen]
        _drop(kept, positions[opens], before)
        _drop(kept, positions[closes] + 1 - after, after)
        dropped[opens], dropped[closes] = before, after
    unwrapped, moved = characters[kept], positions - np.cumsum(dropped, dtype=positions.dtype)
    null_words = moved[plain.closes[plain.tags == NULL]] + len("}") - len(_NULL_WORD)
    unwrapped[null_words[:, None] + np.arange(len(_NULL_WORD))] = _NULL_WORD
    return unwrapped, moved


def _drop(kept: Mask, starts: Positions, count: int) -> None:
    for offset in range(count):
        kept[starts + offset] = False
