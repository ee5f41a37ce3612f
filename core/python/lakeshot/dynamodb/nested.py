"""Cuts maps and lists out of a Scan page as lossless JSON text, so that no parser builds their fields.

The JSON text of a map or list is its own bytes without DynamoDB's wrappers, so the page's brackets tell
which bytes to keep. Nothing here loops over values in Python.
"""

import numpy as np
import pyarrow as pa

from lakeshot.dynamodb.brackets import find_brackets
from lakeshot.dynamodb.spans import Bytes, Mask, Positions, cover, kept_slices
from lakeshot.dynamodb.wrappers import (
    BOOL,
    NULL,
    NUMBER_TAG_BYTES,
    TAG_BYTES,
    WORD_TAG_BYTES,
    L,
    N,
    Wrappers,
    find_wrappers,
)

_PLACEHOLDER_DIGITS = 8
"""A map or list that is not empty leaves room for ten: ``[{"S":""}]``."""
NO_TEXTS = pa.array(["{}", "[]"])
"""Texts 0 and 1, which every page has, because ``{}`` leaves room for one digit only."""
_NULL_WORD = np.frombuffer(b"null", np.uint8)


def has_nested(page: bytes) -> bool:
    """Whether a page may hold maps or lists: whether ``"M"`` or ``"L"`` stands in it."""
    characters = np.frombuffer(page, np.uint8)
    quotes = characters == ord('"')
    tags = (characters == ord("M")) | (characters == ord("L"))
    return bool((quotes[:-2] & tags[1:-1] & quotes[2:]).any())


def cut_nested(page: bytes) -> tuple[bytes, pa.StringArray]:
    """The page with a number in place of every map and list, and the texts which those numbers index.

    ``{"M":{"a":{"N":"1"}}}`` becomes ``{"M":       2}`` and text 2 is ``{"a":1}``. Raises
    ``ValueError`` for what is no Scan response.
    """
    page, brackets = find_brackets(page)
    characters = np.frombuffer(page, np.uint8)
    wrappers = find_wrappers(characters, brackets)
    attributes = wrappers.where(wrappers.is_attribute)
    empty, filled = attributes.where(attributes.is_empty), attributes.where(~attributes.is_empty)
    found = _texts(characters, wrappers, filled)
    return _with_placeholders(characters, empty, filled), pa.concat_arrays([NO_TEXTS, found])


def _with_placeholders(characters: Bytes, empty: Wrappers, filled: Wrappers) -> bytes:
    page = characters.copy()
    page[empty.starts + TAG_BYTES] = ord(" ")
    page[empty.starts + TAG_BYTES + 1] = np.where(empty.tags == L, ord("1"), ord("0"))
    values = filled.starts + TAG_BYTES
    numbers = np.arange(len(values)) + len(NO_TEXTS)
    for digit in range(_PLACEHOLDER_DIGITS):
        rest = numbers // 10**digit
        page[values + (_PLACEHOLDER_DIGITS - 1 - digit)] = np.where(rest, rest % 10 + ord("0"), ord(" "))
    return page[~cover(len(page), values + _PLACEHOLDER_DIGITS, filled.ends)].tobytes()


def _texts(characters: Bytes, wrappers: Wrappers, filled: Wrappers) -> pa.StringArray:
    """The bytes of each map or list without the wrappers that JSON text does without."""
    unwrapped = characters.copy()
    kept = cover(len(characters), filled.starts, filled.ends + 1)
    plain = wrappers.where(wrappers.is_plain)
    kept[plain.ends] = False
    is_number = plain.tags == N
    is_word = (plain.tags == BOOL) | (plain.tags == NULL)
    _drop(kept, plain.starts[is_number], NUMBER_TAG_BYTES)
    kept[plain.ends[is_number] - 1] = False
    _drop(kept, plain.starts[is_word], WORD_TAG_BYTES)
    _drop(kept, plain.starts[~is_number & ~is_word], TAG_BYTES)
    null_words = plain.ends[plain.tags == NULL] - len(_NULL_WORD)
    unwrapped[null_words[:, None] + np.arange(len(_NULL_WORD))] = _NULL_WORD
    return kept_slices(unwrapped, kept, filled.starts, filled.ends + 1)


def _drop(kept: Mask, starts: Positions, count: int) -> None:
    kept[starts[:, None] + np.arange(count)] = False
