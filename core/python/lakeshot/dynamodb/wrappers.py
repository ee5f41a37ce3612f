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
from lakeshot.dynamodb.spans import Bytes, Mask, Positions, slices
from lakeshot.json_text import JSON_NUMBER

TAG_BYTES = len('{"M":')
NUMBER_TAG_BYTES = len('{"N":"')
WORD_TAG_BYTES = len('{"NULL":')

_ATTRIBUTE_DEPTH = 4
_EMPTY_BYTES = len('{"M":{}}')


_BEGINNINGS = {
    "S": '"',
    "L": "[",
    "BOOL": "tf",
    "NULL": "t",
    "N": '"',
    "M": "{",
    "B": '"',
    "SS": "[",
    "NS": "[",
    "BS": "[",
}
"""By tag, the characters its value can begin with. From ``N`` on, JSON text keeps the tag where it has
to, so a map of that one key reads as a tag."""
S, L, BOOL, NULL, N, M, B, SS, NS, BS = range(1, len(_BEGINNINGS) + 1)
_UNKNOWN = 0
_NAME_BYTES = np.array([0, *map(len, _BEGINNINGS)])


def _tags_by_name() -> npt.NDArray[np.uint8]:
    """Tag by the first two bytes of its name, where the quote that ends a name counts."""
    tags = np.full(2**16, _UNKNOWN, np.uint8)
    for tag, name in enumerate(_BEGINNINGS, start=1):
        tags[int.from_bytes(f'{name}"'.encode()[:2], "big")] = tag
    return tags


def _may_begin() -> Mask:
    """Whether a value of the tag may begin with the byte."""
    allowed = np.zeros((len(_BEGINNINGS) + 1, 256), np.bool_)
    for tag, beginnings in enumerate(_BEGINNINGS.values(), start=1):
        allowed[tag, list(beginnings.encode())] = True
    return allowed


_TAG_BY_NAME = _tags_by_name()
_MAY_BEGIN = _may_begin()


@dataclass(frozen=True, slots=True)
class Wrappers:
    """Wrappers in the order of the page: of attributes that are maps or lists, and all inside those.

    ``starts`` and ``ends`` are the positions of their own brackets.
    ``is_plain`` says that JSON without the wrapper still tells the value, so the wrapper may go.
    """

    starts: Positions
    ends: Positions
    tags: npt.NDArray[np.uint8]
    is_attribute: Mask
    is_plain: Mask

    def where(self, mask: Mask) -> "Wrappers":
        """Those the mask selects."""
        return Wrappers(
            self.starts[mask], self.ends[mask], self.tags[mask], self.is_attribute[mask], self.is_plain[mask]
        )

    @property
    def is_empty(self) -> Mask:
        """Of maps and lists: which have no members."""
        return np.asarray(self.ends - self.starts < _EMPTY_BYTES, np.bool_)


def find_wrappers(characters: Bytes, brackets: Brackets) -> Wrappers:
    """The wrappers of a page without white space; ``ValueError`` for a value that is none of DynamoDB's."""
    candidates = np.flatnonzero(
        brackets.opens & (brackets.depths >= _ATTRIBUTE_DEPTH) & (brackets.depths & 1 == 0)
    )
    tags = _named_tags(characters, brackets.positions[candidates] + len('{"'))
    is_attribute = brackets.depths[candidates] == _ATTRIBUTE_DEPTH
    chosen = ~is_attribute | (tags == M) | (tags == L)
    indices, tags, is_attribute = candidates[chosen], tags[chosen], is_attribute[chosen]
    starts = brackets.positions[indices]
    first_bytes = characters[starts + len('{"":') + _NAME_BYTES[tags]]
    if not _MAY_BEGIN[tags, first_bytes].all():
        raise ValueError(f"a value is not what its type tag says; known tags: {', '.join(_BEGINNINGS)}")
    ends = brackets.positions[brackets.partners[indices]]
    is_plain = tags < N
    is_map, is_number = tags == M, tags == N
    is_plain[is_map] = ~_reads_as_tag(characters, brackets, indices[is_map])
    is_plain[is_number] = _is_json_number(
        characters, starts[is_number] + NUMBER_TAG_BYTES, ends[is_number] - 1
    )
    return Wrappers(starts, ends, tags, is_attribute, is_plain)


def _named_tags(characters: Bytes, positions: Positions) -> npt.NDArray[np.uint8]:
    """The tags whose names begin at the positions."""
    first, second = characters[positions].astype(np.uint16), characters[positions + 1]
    return np.take(_TAG_BY_NAME, first << np.uint16(8) | second)


def _reads_as_tag(characters: Bytes, brackets: Brackets, wrappers: Positions) -> Mask:
    """Which maps, given by their wrapper's bracket, have one key and that key is a tag JSON text keeps."""
    opening, child = wrappers + 1, wrappers + 2
    map_start = brackets.positions[opening]
    child_end = brackets.positions[brackets.partners[child]]
    only_child = brackets.opens[child] & (child_end + 1 == brackets.positions[brackets.partners[opening]])
    tags = _named_tags(characters, map_start + len('{"'))
    key_bytes = brackets.positions[child] - map_start - len('{"":')
    return np.asarray(only_child & (tags >= N) & (key_bytes == _NAME_BYTES[tags]), np.bool_)


def _is_json_number(characters: Bytes, starts: Positions, ends: Positions) -> Mask:
    matches = pc.match_substring_regex(slices(characters, starts, ends), JSON_NUMBER)
    return np.asarray(matches.to_numpy(zero_copy_only=False), np.bool_)
