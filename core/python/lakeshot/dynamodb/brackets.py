"""The structure of a JSON text: its brackets outside strings, their depths and partners.

Found with whole-array operations, after the first stage of simdjson (Langdale and Lemire, 2019).
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from lakeshot.dynamodb.spans import Bytes, Mask, Positions

_QUOTE = ord('"')
_BACKSLASH = ord("\\")
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
    characters = np.frombuffer(text, np.uint8)
    outside = ~_odd_so_far(_quotes(text))
    blank = (characters <= _SPACE) & outside
    if blank.any():
        return find_brackets(characters[~blank].tobytes())
    folded = characters | _FOLD
    positions = np.flatnonzero(((folded == ord("{")) | (folded == ord("}"))) & outside)
    return text, _match(positions, characters[positions])


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


def _quotes(text: bytes) -> Mask:
    """Which bytes are quotes that delimit strings."""
    characters = np.frombuffer(text, np.uint8)
    escapes = characters == _BACKSLASH
    if (escapes[1:] & escapes[:-1]).any():
        # A pair of backslashes escapes nothing, so in a run of them only an odd last one does.
        characters = np.frombuffer(text.replace(b"\\\\", b"__"), np.uint8)
        escapes = characters == _BACKSLASH
    quotes: Mask = characters == _QUOTE
    quotes[1:] &= ~escapes[:-1]
    return quotes


def _odd_so_far(flags: Mask) -> Mask:
    """For each flag, whether the number of flags set up to and with it is odd.

    Eight at a time: within a word by shifts, then the parity of all words before.
    """
    words = np.zeros(-(-len(flags) // 8), "<u8")
    parities = words.view(np.uint8)[: len(flags)]
    parities[:] = flags
    for bits in (8, 16, 32):
        words ^= words << np.uint64(bits)
    before = np.bitwise_xor.accumulate(words >> np.uint64(56))[:-1]
    words[1:] ^= before * np.uint64(0x0101010101010101)
    return parities.view(np.bool_)
