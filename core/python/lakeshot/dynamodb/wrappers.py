"""The type wrappers that DynamoDB puts around values, found by the brackets of a Scan page.

In ``{"M":{"a":{"N":"1"}}}`` the map and the number in it have one each. The wrappers of an item's
attributes stand at depth 4 (response, ``Items``, item, wrapper), the map or list in them at 5, the
wrappers inside that at 6, and so on.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow.compute as pc

from lakeshot.columns.json_text import JSON_NUMBER
from lakeshot.dynamodb.brackets import Brackets
from lakeshot.dynamodb.spans import Bytes, Mask, Positions, cut

TAG_BYTES = len('{"M":')
NUMBER_TAG_BYTES = len('{"N":"')
WORD_TAG_BYTES = len('{"NULL":')
ATTRIBUTE_DEPTH = 4

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
TAGS = ("", *_BEGINNINGS)
"""The names of tags by their numbers, which begin at 1."""
S, L, BOOL, NULL, N, M, B, SS, NS, BS = range(1, len(TAGS))
_UNKNOWN = 0
_NAME_BYTES = np.array([*map(len, TAGS)], np.int32)
VALUE_OFFSETS = len('{"":') + _NAME_BYTES
"""By tag, how far behind its wrapper's bracket a value begins."""
_COLON = ord(":")


def _tags_by_name() -> npt.NDArray[np.uint8]:
    """Tag by the first two bytes of its name, where the quote that ends a name counts."""
    tags = np.full(2**16, _UNKNOWN, np.uint8)
    for tag, name in enumerate(_BEGINNINGS, start=1):
        tags[int.from_bytes(f'{name}"'.encode()[:2], "big")] = tag
    return tags


def _may_begin() -> Mask:
    """Whether a value of the tag may begin with the byte."""
    allowed = np.zeros((len(TAGS), 256), np.bool_)
    for tag, beginnings in enumerate(_BEGINNINGS.values(), start=1):
        allowed[tag, list(beginnings.encode())] = True
    return allowed


def _endings() -> Bytes:
    """By the byte a value begins with, the byte it ends with; the words are ``true`` and ``false``."""
    endings = np.zeros(256, np.uint8)
    for first, last in zip(b'"[{tf', b'"]}ee', strict=True):
        endings[first] = last
    return endings


_TAG_BY_NAME = _tags_by_name()
_MAY_BEGIN = _may_begin()
_ENDINGS = _endings()


@dataclass(frozen=True, slots=True)
class Wrappers:
    """Wrappers of attributes and of all values inside those, in the order of the text.

    ``opens`` and ``closes`` are the numbers of their own brackets, ``tags`` index ``TAGS``.
    ``is_plain`` says that JSON without the wrapper still tells the value, so the wrapper may go.
    """

    opens: Positions
    closes: Positions
    tags: npt.NDArray[np.uint8]
    is_plain: Mask

    def where(self, mask: Mask) -> "Wrappers":
        """Those the mask selects."""
        return Wrappers(self.opens[mask], self.closes[mask], self.tags[mask], self.is_plain[mask])


def find_wrappers(characters: Bytes, brackets: Brackets) -> Wrappers:
    """The wrappers in a text without white space, of which these are the brackets.

    ``ValueError`` for a value that is none of DynamoDB's.
    """
    opens = np.flatnonzero(brackets.opens & (brackets.depths >= ATTRIBUTE_DEPTH) & (brackets.depths & 1 == 0))
    closes = brackets.partners[opens]
    tags = _named_tags(characters, brackets.positions[opens] + len('{"'))
    if not _are_values(characters, brackets, opens, tags):
        raise ValueError(f"a value is not what its type tag says; known tags: {', '.join(_BEGINNINGS)}")
    is_plain = tags < N
    is_map = tags == M
    is_plain[is_map] = ~_reads_as_tag(characters, brackets, opens[is_map])
    is_number = (tags == N) & (brackets.depths[opens] > ATTRIBUTE_DEPTH)
    if is_number.any():
        starts, ends = brackets.positions[opens[is_number]], brackets.positions[closes[is_number]]
        is_plain[is_number] = _is_json_number(characters, starts + NUMBER_TAG_BYTES, ends - 1)
    return Wrappers(opens, closes, tags, is_plain)


def _are_values(characters: Bytes, brackets: Brackets, opens: Positions, tags: npt.NDArray[np.uint8]) -> bool:
    """Whether each wrapper holds its tag and one value that begins and ends as the tag says."""
    values = brackets.positions[opens] + VALUE_OFFSETS[tags]
    last = brackets.positions[brackets.partners[opens]] - 1
    first_bytes = characters[values]
    is_bracket = (first_bytes == ord("[")) | (first_bytes == ord("{"))
    closes = brackets.partners[opens[is_bracket] + 1]
    return bool(
        _MAY_BEGIN[tags, first_bytes].all()
        and (characters[values - 1] == _COLON).all()
        and (characters[last] == _ENDINGS[first_bytes]).all()
        and (brackets.positions[closes] == last[is_bracket]).all()
    )


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
    matches = pc.match_substring_regex(cut(characters, starts, ends), JSON_NUMBER)
    return np.asarray(matches.to_numpy(zero_copy_only=False), np.bool_)
