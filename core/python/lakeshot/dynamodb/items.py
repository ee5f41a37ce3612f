"""The items of a Scan page in long form: one entry per attribute value, however many attributes there are."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from lakeshot.dynamodb.brackets import Brackets
from lakeshot.dynamodb.nested import unwrap
from lakeshot.dynamodb.spans import Bytes, Positions, cut
from lakeshot.dynamodb.texts import unescaped
from lakeshot.dynamodb.wrappers import ATTRIBUTE_DEPTH, VALUE_OFFSETS, L, M, find_wrappers

_ITEM_DEPTH = ATTRIBUTE_DEPTH - 1
_COMMA, _COLON, _QUOTE = b',:"'


@dataclass(frozen=True, slots=True)
class Items:
    """Items of one page.

    Entry grain: one per attribute an item has, in the order of the page. ``rows`` are the items'
    numbers, ``attributes`` index ``column_names``, ``tags`` index ``wrappers.TAGS``. ``texts`` are the
    values' JSON, without its quotes where it is a string; maps and lists are lossless JSON text.
    """

    num_rows: int
    column_names: tuple[str, ...]
    rows: npt.NDArray[np.int32]
    attributes: npt.NDArray[np.int32]
    tags: npt.NDArray[np.uint8]
    texts: pa.StringArray

    @property
    def nbytes(self) -> int:
        """Bytes of memory."""
        return int(self.rows.nbytes + self.attributes.nbytes + self.tags.nbytes + self.texts.nbytes)


def read_items(characters: Bytes, brackets: Brackets) -> Items:
    """The items between the brackets of the list of items, in a text without white space.

    ``ValueError`` for what is no list of items.
    """
    wrappers = find_wrappers(characters, brackets)
    positions = brackets.positions
    is_attribute = brackets.depths[wrappers.opens] == ATTRIBUTE_DEPTH
    if not is_attribute.all():
        characters, positions = unwrap(characters, positions, wrappers.where(~is_attribute))
        wrappers = wrappers.where(is_attribute)
    item_opens = np.flatnonzero(brackets.opens & (brackets.depths == _ITEM_DEPTH))
    _check(characters, brackets, positions, item_opens)
    before, starts, ends = positions[wrappers.opens - 1], positions[wrappers.opens], positions[wrappers.closes]
    name_starts = before + len('{"') + ~brackets.opens[wrappers.opens - 1]
    encoded = cut(characters, name_starts, starts - len('":')).dictionary_encode()
    counts = np.diff(np.searchsorted(wrappers.opens, item_opens), append=len(starts))
    values = starts + VALUE_OFFSETS[wrappers.tags]
    is_text = characters[values] == _QUOTE
    keeps_tag = ((wrappers.tags == M) | (wrappers.tags == L)) & ~wrappers.is_plain
    return Items(
        num_rows=len(item_opens),
        column_names=tuple(unescaped(encoded.dictionary).to_pylist()),
        rows=np.repeat(np.arange(len(item_opens), dtype=np.int32), counts),
        attributes=encoded.indices.to_numpy(),
        tags=wrappers.tags,
        texts=cut(
            characters, np.where(keeps_tag, starts, values + is_text), ends - is_text + keeps_tag
        ),
    )
