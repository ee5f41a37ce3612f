"""The type wrappers that DynamoDB puts around values, found by the brackets of a list of items.

In ``{"M":{"a":{"N":"1"}}}`` the map and the number in it have one each. The wrappers of an item's
attributes stand at depth 4 (response, ``Items``, item, wrapper), the map or list in them at 5, the
wrappers inside that at 6, and so on. ``export_lines`` sees to it that they do so in an export too.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from lakeshot.dynamodb.brackets import FOLD, Brackets
from lakeshot.dynamodb.numbers import are_json, check
from lakeshot.dynamodb.spans import Bytes, Mask, Positions, cut
from lakeshot.dynamodb.texts import text_lists

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
_NAME_BYTES = np.array([*map(len, TAGS)], np.intp)
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
        chosen = np.flatnonzero(mask)
        return Wrappers(
            self.opens.take(chosen),
            self.closes.take(chosen),
            self.tags.take(chosen),
            self.is_plain.take(chosen),
        )


def find_wrappers(characters: Bytes, brackets: Brackets) -> Wrappers:
    """The wrappers in a text without white space, of which these are the brackets.

    ``ValueError`` for a value that is none of DynamoDB's.
    """
    opens = np.flatnonzero(brackets.opens & (brackets.depths >= ATTRIBUTE_DEPTH) & (brackets.depths & 1 == 0))
    closes = brackets.partners.take(opens)
    starts, ends = brackets.positions.take(opens), brackets.positions.take(closes)
    tags = _named_tags(characters, starts + len('{"'))
    if not _are_values(characters, brackets, opens, tags, starts=starts, ends=ends):
        raise ValueError(f"a value is not what its type tag says; known tags: {', '.join(_BEGINNINGS)}")
    is_plain = tags < N
    maps = np.flatnonzero(tags == M)
    is_plain[maps] = ~_reads_as_tag(characters, brackets, opens.take(maps))
    is_inside = brackets.depths.take(opens) > ATTRIBUTE_DEPTH
    numbers, sets = np.flatnonzero((tags == N) & is_inside), np.flatnonzero((tags == NS) & is_inside)
    if len(numbers):
        is_plain[numbers] = are_json(
            cut(characters, starts.take(numbers) + len('{"N":"'), ends.take(numbers) - len('"'))
        )
    if len(sets):
        check(text_lists(cut(characters, starts.take(sets) + VALUE_OFFSETS[NS], ends.take(sets))).flatten())
    return Wrappers(opens, closes, tags, is_plain)


def _are_values(
    characters: Bytes,
    brackets: Brackets,
    opens: Positions,
    tags: npt.NDArray[np.uint8],
    *,
    starts: Positions,
    ends: Positions,
) -> bool:
    """Whether each wrapper holds its tag and one value that begins and ends as the tag says."""
    values = starts + VALUE_OFFSETS.take(tags)
    last = ends - 1
    first_bytes = characters.take(values)
    nested = np.flatnonzero((first_bytes | FOLD) == ord("{"))
    closes = brackets.partners.take(opens.take(nested) + 1)
    return bool(
        _MAY_BEGIN.take(tags.astype(np.intp) << 8 | first_bytes).all()
        and (characters.take(values - 1) == _COLON).all()
        and (characters.take(last) == _ENDINGS.take(first_bytes)).all()
        and (brackets.positions.take(closes) == last.take(nested)).all()
    )


def _named_tags(characters: Bytes, positions: Positions) -> npt.NDArray[np.uint8]:
    """The tags whose names begin at the positions."""
    first, second = characters.take(positions).astype(np.uint16), characters.take(positions + 1)
    return _TAG_BY_NAME.take(first << np.uint16(8) | second)


def _reads_as_tag(characters: Bytes, brackets: Brackets, wrappers: Positions) -> Mask:
    """Which maps, given by their wrapper's bracket, have one key and that key is a tag JSON text keeps."""
    opening, child = wrappers + 1, wrappers + 2
    map_start = brackets.positions.take(opening)
    child_end = brackets.positions.take(brackets.partners.take(child))
    map_end = brackets.positions.take(brackets.partners.take(opening))
    only_child = brackets.opens.take(child) & (child_end + 1 == map_end)
    tags = _named_tags(characters, map_start + len('{"'))
    key_bytes = brackets.positions.take(child) - map_start - len('{"":')
    return np.asarray(only_child & (tags >= N) & (key_bytes == _NAME_BYTES.take(tags)), np.bool_)
