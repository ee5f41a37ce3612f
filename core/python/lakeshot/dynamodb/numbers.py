"""What DynamoDB takes for a number, held against its texts all at once.

Up to 38 significant digits, of a size from 1E-130 to 9.9999999999999999999999999999999999999E+125, or zero
(Amazon DynamoDB developer guide, naming rules and data types). Whatever else an ``N`` holds is an error.
"""

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from lakeshot.columns.json_text import JSON_NUMBER
from lakeshot.dynamodb.spans import Mask
from lakeshot.dynamodb.texts import characters_of

POINT, MINUS, EXPONENT, _JUNK = 1, 2, 4, 8
"""Kinds of characters other than digits, as bits."""
MOST_DIGITS = 38
_LEAST_EXPONENT, _MOST_EXPONENT = -130, 125
_NUMBER = r"^[+-]?(?P<whole>[0-9]*)\.?(?P<fraction>[0-9]*)(?:[eE](?P<exponent>[+-]?[0-9]{1,9}))?$"
_NO_NUMBER = "a number is none that DynamoDB holds (38 digits, 1E-130 to 9.9E+125)"


def _kinds() -> npt.NDArray[np.uint8]:
    kinds = np.full(256, _JUNK, np.uint8)
    kinds[list(b"0123456789")] = 0
    kinds[ord(".")] = POINT
    kinds[ord("-")] = MINUS
    kinds[list(b"+eE")] = EXPONENT
    return kinds


_KINDS = _kinds()


def spelling(texts: pa.StringArray) -> int:
    """The kinds of characters in all the texts; ``ValueError`` if one has no place in a number."""
    characters, _ = characters_of(texts)
    found = int(np.bitwise_or.reduce(_KINDS.take(characters), initial=0))
    if found & _JUNK:
        raise ValueError(_NO_NUMBER)
    return found


def longest(texts: pa.StringArray) -> int:
    """Characters of the longest text."""
    return pc.max(pc.binary_length(texts)).as_py() or 0


def check(texts: pa.StringArray) -> None:
    """Raise ``ValueError`` if one of the texts is no number that DynamoDB holds."""
    texts = pc.unique(texts)
    parts = pc.extract_regex(texts, _NUMBER)
    if parts.null_count:
        raise ValueError(_NO_NUMBER)
    whole, fraction, exponent = parts.flatten()
    digits = pc.binary_join_element_wise(whole, fraction, "")
    significant = pc.utf8_ltrim(digits, "0")
    leading = _lengths(digits) - _lengths(significant)
    given = pc.cast(pc.if_else(pc.equal(exponent, ""), "0", pc.utf8_ltrim(exponent, "+")), pa.int64())
    size = given.to_numpy(zero_copy_only=False) + _lengths(whole) - leading - 1
    is_zero = _lengths(significant) == 0
    if (
        (_lengths(digits) == 0).any()
        or (_lengths(pc.utf8_rtrim(significant, "0")) > MOST_DIGITS).any()
        or (~is_zero & ((size < _LEAST_EXPONENT) | (size > _MOST_EXPONENT))).any()
    ):
        raise ValueError(_NO_NUMBER)


def are_json(texts: pa.StringArray) -> Mask:
    """Which of the texts JSON takes for numbers as they are; ``ValueError`` if one is no number at all."""
    if spelling(texts) & EXPONENT or longest(texts) > MOST_DIGITS:
        check(texts)
    is_json = _plain(texts)
    odd = np.flatnonzero(~is_json)
    if len(odd):
        rest = texts.take(pa.array(odd))
        check(rest)
        is_json[odd] = pc.match_substring_regex(rest, JSON_NUMBER).to_numpy(zero_copy_only=False)
    return is_json


def _plain(texts: pa.StringArray) -> Mask:
    """Which texts are digits without a needless zero ahead, at most a minus before, and a point within."""
    characters, ends = characters_of(texts)
    kinds = _KINDS.take(characters)
    starts = ends - _lengths(texts)
    if (starts == ends).any():
        return np.zeros(len(texts), np.bool_)
    negative = (kinds.take(starts) == MINUS).astype(np.intp)
    first = np.minimum(starts + negative, ends - 1)
    points, others = (
        np.add.reduceat(kinds & kind != 0, starts, dtype=np.intp) for kind in (POINT, MINUS | EXPONENT)
    )
    after_first = np.minimum(first + 1, ends - 1)
    return np.asarray(
        (kinds.take(first) == 0)
        & (kinds.take(ends - 1) == 0)
        & (points <= 1)
        & (others == negative)
        & ((characters.take(first) != ord("0")) | (first == ends - 1) | (kinds.take(after_first) == POINT)),
        np.bool_,
    )


def _lengths(texts: pa.StringArray) -> npt.NDArray[np.int32]:
    lengths: npt.NDArray[np.int32] = pc.binary_length(texts).to_numpy(zero_copy_only=False)
    return lengths
