"""The structure of a JSON text: its brackets outside strings, their depths and partners.

Found with whole-array operations, after the first stage of simdjson (Langdale and Lemire, 2019).
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from lakeshot.dynamodb.spans import Bytes, Mask, Positions

_QUOTE = ord('"')
_SPACE = ord(" ")
_FOLD = 0x20
"""The bit in which ``[`` and ``]`` differ from ``{`` and ``}``."""
_OPENING = 0x02
"""The bit that only opening brackets have."""


@dataclass(frozen=True, slots=True)
class Brackets:
    """Every bracket of a JSON text in the order of the text.

    ``positions`` are bytes from the text's start, ``depths`` are 1 for the outermost pair,
    ``partners`` index these arrays, and ``opens`` says which of a pair it is.
    """

    positions: Positions
    depths: npt.NDArray[np.int16]
    partners: Positions
    opens: Mask


def find_brackets(text: bytes) -> tuple[bytes, Brackets]:
    """The text without white space between its tokens, and the brackets of that.

    ``ValueError`` if the brackets do not match.
    """
    characters = np.frombuffer(_without_escapes(text), np.uint8)
    folded = characters | _FOLD
    marks = np.flatnonzero(
        (characters == _QUOTE) | (folded == ord("{")) | (folded == ord("}")) | (characters <= _SPACE)
    )
    kinds = characters[marks]
    quotes_so_far = np.cumsum(kinds == _QUOTE, dtype=np.uint8)
    structural = ((quotes_so_far & 1) == 0) & (kinds != _QUOTE)
    marks, kinds = marks[structural], kinds[structural]
    blank = kinds <= _SPACE
    if blank.any():
        return find_brackets(np.delete(np.frombuffer(text, np.uint8), marks[blank]).tobytes())
    return text, _match(marks, kinds)


def _match(positions: Positions, kinds: Bytes) -> Brackets:
    opens = (kinds & _OPENING) != 0
    depths = np.cumsum(np.where(opens, np.int8(1), np.int8(-1)), dtype=np.int16)
    depths += ~opens
    by_depth = np.argsort(depths, kind="stable")
    first, second = by_depth[0::2], by_depth[1::2]
    if len(first) != len(second) or not opens[first].all() or opens[second].any():
        raise ValueError("not JSON: its brackets do not match")
    partners = np.empty_like(by_depth)
    partners[first] = second
    partners[second] = first
    return Brackets(positions, depths, partners, opens)


def _without_escapes(text: bytes) -> bytes:
    """The text, as long as before, in which every quote that is left delimits a string."""
    if b"\\" not in text:
        return text
    return text.replace(b"\\\\", b"__").replace(b'\\"', b"__")
