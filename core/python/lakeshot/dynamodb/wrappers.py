"""The type wrappers that DynamoDB puts around values, found by the brackets of a Scan page.

In ``{"M":{"a":{"N":"1"}}}`` the map and the number in it have one each. The wrappers of an item's
attributes stand at depth 4 (response, ``Items``, item, wrapper), the map or list in them at 5, the
wrappers inside that at 6, and so on.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow.compute as pc

from lakeshot.dynamodb.brackets import Brackets
from lakeshot.dynamodb.spans import Bytes, Mask, Positions, cover, texts
from lakeshot.json_text import JSON_NUMBER

TAG_BYTES = len('{"M":')
NUMBER_TAG_BYTES = len('{"N":"')
WORD_TAG_BYTES = len('{"NULL":')

_ATTRIBUTE_DEPTH = 4
_EMPTY_BYTES = len('{"M":{}}')


def _code(tag: str) -> int:
    """Two bytes that tell a tag: its first, and its second or the quote that ends it."""
    return int.from_bytes(f'{tag}"'.encode()[:2], "big")


_TAGS = ("S", "N", "B", "BOOL", "NULL", "M", "L", "SS", "NS", "BS")
S, N, B, BOOL, NULL, M, L, SS, NS, BS = _CODES = [_code(tag) for tag in _TAGS]


@dataclass(frozen=True, slots=True)
class Wrappers:
    """Wrappers in the order of the page: of attributes that are maps or lists, and all inside those.

    ``starts`` and ``ends`` are the positions of their own brackets, ``tags`` the codes of their types.
    ``is_plain`` says that JSON without the wrapper still tells the value, so the wrapper may go.
    """

    starts: Positions
    ends: Positions
    tags: npt.NDArray[np.uint16]
    is_attribute: Mask
    is_plain: Mask

    def where(self, mask: Mask) -> "Wrappers":
        """Those the mask selects."""
        return Wrappers(
            self.starts[mask], self.ends[mask], self.tags[mask], self.is_attribute[mask], self.is_plain[mask]
        )

    @property
    def is_empty(self) -> Mask:
        """Which wrap a map or list without members."""
        return np.isin(self.tags, [M, L]) & (self.ends - self.starts < _EMPTY_BYTES)


def find_wrappers(characters: Bytes, brackets: Brackets) -> Wrappers:
    """The wrappers of a page without white space; ``ValueError`` for an unknown type tag."""
    candidates = np.flatnonzero(
        brackets.opens & (brackets.depths >= _ATTRIBUTE_DEPTH) & (brackets.depths % 2 == 0)
    )
    tags = _codes(characters, brackets.positions[candidates] + len('{"'))
    is_attribute = brackets.depths[candidates] == _ATTRIBUTE_DEPTH
    chosen = ~is_attribute | (tags == M) | (tags == L)
    indices, tags, is_attribute = candidates[chosen], tags[chosen], is_attribute[chosen]
    if not np.isin(tags, _CODES).all():
        raise ValueError(f"a value has none of the type tags {', '.join(_TAGS)}")
    starts = brackets.positions[indices]
    ends = brackets.positions[brackets.partners[indices]]
    is_plain = np.isin(tags, [S, BOOL, NULL, L])
    is_map, is_number = tags == M, tags == N
    is_plain[is_map] = ~_reads_as_tag(characters, brackets, indices[is_map])
    is_plain[is_number] = _is_json_number(
        characters, starts[is_number] + NUMBER_TAG_BYTES, ends[is_number] - 1
    )
    return Wrappers(starts, ends, tags, is_attribute, is_plain)


def _codes(characters: Bytes, positions: Positions) -> npt.NDArray[np.uint16]:
    high, low = (characters.take(positions + i, mode="clip").astype(np.uint16) for i in (0, 1))
    return high << np.uint16(8) | low


def _reads_as_tag(characters: Bytes, brackets: Brackets, wrappers: Positions) -> Mask:
    """Which maps, given by their wrapper's bracket, have one key and that key is a tag JSON text keeps."""
    opening, child = wrappers + 1, wrappers + 2
    is_filled = brackets.opens[child]
    map_start = brackets.positions[opening]
    only_child = is_filled & (
        brackets.positions[brackets.partners[child]] + 1 == brackets.positions[brackets.partners[opening]]
    )
    keys = _codes(characters, map_start + len('{"'))
    key_bytes = brackets.positions[child] - map_start - len('{"":')
    short = np.isin(keys, [B, N, M]) & (key_bytes == len("B"))
    long = np.isin(keys, [BS, NS, SS]) & (key_bytes == len("BS"))
    found: Mask = (short | long) & only_child
    return found


def _is_json_number(characters: Bytes, starts: Positions, ends: Positions) -> Mask:
    numbers = texts(characters, cover(len(characters), starts, ends), starts, ends)
    matches = pc.match_substring_regex(numbers, JSON_NUMBER)
    return np.asarray(matches.to_numpy(zero_copy_only=False), np.bool_)
