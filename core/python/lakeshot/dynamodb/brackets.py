"""The structure of a JSON text: its brackets outside strings, their depths and partners.

Found with whole-array operations, after the first stage of simdjson (Langdale and Lemire, 2019).
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from lakeshot.dynamodb.spans import Bytes, Mask, Positions

_QUOTE = ord('"')
_BACKSLASH = ord("\\")
_SPACE = ord(" ")
_BLOCK_BYTES = 128 * 1024
FOLD = 0x20
"""The bit in which ``[`` and ``]`` differ from ``{`` and ``}``."""
_OPENING = 0x02
"""The bit that only opening brackets have."""
_FROM_OPENING = ord("}") - ord("{")
"""How far a closing bracket is behind its opening one in ASCII, whichever kind."""


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

    def within(self, index: int) -> "Brackets":
        """The bracket of this number, its partner, and those between them."""
        part = slice(index, int(self.partners[index]) + 1)
        return Brackets(
            self.positions[part], self.depths[part], self.partners[part] - index, self.opens[part]
        )


def find_brackets(text: bytes) -> tuple[bytes, Brackets]:
    """The text without white space between its tokens, and the brackets of that.

    ``ValueError`` if the brackets do not match.
    """
    characters = np.frombuffer(text, np.uint8)
    found, blanks, is_inside = [np.empty(0, np.intp)], [], False
    for block in _blocks(text):
        inside = _odd_so_far(_quotes(characters[block])) ^ is_inside
        is_inside = bool(inside[-1])
        outside = ~inside
        folded = characters[block] | FOLD
        found.append(np.flatnonzero(((folded == ord("{")) | (folded == ord("}"))) & outside) + block.start)
        blank = (characters[block] <= _SPACE) & outside
        if blank.any():
            blanks.append(np.flatnonzero(blank) + block.start)
    if blanks:
        return find_brackets(np.delete(characters, np.concatenate(blanks)).tobytes())
    positions = np.concatenate(found)
    return text, _match(positions, characters.take(positions))


def _blocks(text: bytes) -> Iterator[slice]:
    """Blocks that fit a processor's cache, and leave no backslash alone at their end."""
    end = 0
    while (start := end) < len(text):
        end = min(start + _BLOCK_BYTES, len(text))
        while end < len(text) and text[end - 1] == _BACKSLASH:
            end += 1
        yield slice(start, end)


def _match(positions: Positions, kinds: Bytes) -> Brackets:
    opens = (kinds & _OPENING) != 0
    # Added up in whole words, which is twice as fast, and sorted narrow, which numpy does in linear time.
    depths = ((kinds & _OPENING).astype(np.int64) - 1).cumsum().astype(np.int16)
    depths += ~opens
    # Most pairs have nothing between them. The others are pairs of neighbours among those of their depth.
    is_empty = np.zeros(len(kinds), np.bool_)
    is_empty[:-1] = opens[:-1] & ~opens[1:]
    empty = np.flatnonzero(is_empty)
    is_empty[1:] |= is_empty[:-1]
    others = np.flatnonzero(~is_empty)
    others = others.take(np.argsort(depths.take(others), kind="stable"))
    partners = np.empty(len(kinds), np.intp)
    for first, second in ((empty, empty + 1), (others[0::2], others[1::2])):
        if len(first) != len(second) or (kinds.take(second) - kinds.take(first) != _FROM_OPENING).any():
            raise ValueError("not JSON: its brackets do not match")
        partners[first], partners[second] = second, first
    return Brackets(positions, depths, partners, opens)


def _quotes(characters: Bytes) -> Mask:
    """Which bytes are quotes that delimit strings."""
    escapes = characters == _BACKSLASH
    if (escapes[1:] & escapes[:-1]).any():
        # A pair of backslashes escapes nothing, so in a run of them only an odd last one does.
        characters = np.frombuffer(characters.tobytes().replace(b"\\\\", b"__"), np.uint8)
        escapes = characters == _BACKSLASH
    quotes: Mask = characters == _QUOTE
    quotes[1:] &= ~escapes[:-1]
    return quotes


def _odd_so_far(flags: Mask) -> Mask:
    """For each flag, whether the number of flags set up to and with it is odd.

    64 at a time as the bits of a word: within the word by shifts, then the parity of all words before.
    """
    bits = np.packbits(flags, bitorder="little")
    words = np.zeros(-(-len(bits) // 8), "<u8")
    words.view(np.uint8)[: len(bits)] = bits
    for distance in (1, 2, 4, 8, 16, 32):
        words ^= words << np.uint64(distance)
    words[1:] ^= np.negative(np.bitwise_xor.accumulate(words >> np.uint64(63))[:-1])
    return np.unpackbits(words.view(np.uint8), count=len(flags), bitorder="little").view(np.bool_)
