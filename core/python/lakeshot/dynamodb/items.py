"""Items in long form: one entry per attribute value, however many attributes there are."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from lakeshot.dynamodb.brackets import Brackets
from lakeshot.dynamodb.nested import unwrap
from lakeshot.dynamodb.spans import Bytes, Mask, Positions, cut
from lakeshot.dynamodb.texts import unescaped
from lakeshot.dynamodb.wrappers import ATTRIBUTE_DEPTH, VALUE_OFFSETS, M, find_wrappers

ITEM_DEPTH = ATTRIBUTE_DEPTH - 1
NO_ITEM = "it is no list of items, which hold attributes, which hold a type tag and a value"
_COMMA, _COLON, _QUOTE = b',:"'


@dataclass(frozen=True, slots=True, eq=False)
class Items:
    """Items of a page of a Scan, or of a piece of an export.

    Entry grain: one per attribute an item has, in the order of the text. ``rows`` are the items'
    numbers, ``attributes`` index ``column_names``, ``tags`` index ``wrappers.TAGS``. ``texts`` are the
    values' JSON, strings without their quotes, maps and lists without needless type tags.
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


def read_items(characters: Bytes, brackets: Brackets, items: Positions) -> Items:
    """The items whose opening brackets have these numbers, in a text without white space.

    ``ValueError`` for what is no item.
    """
    wrappers, positions = find_wrappers(characters, brackets), brackets.positions
    is_attribute = brackets.depths.take(wrappers.opens) == ATTRIBUTE_DEPTH
    if not is_attribute.all():
        characters, positions = unwrap(characters, positions, wrappers.where(~is_attribute))
        wrappers = wrappers.where(is_attribute)
    starts, ends = positions.take(wrappers.opens), positions.take(wrappers.closes)
    is_first = brackets.opens.take(wrappers.opens - 1)
    closes = brackets.partners.take(items)
    name_starts = _name_starts(
        characters, positions, closes, wrappers.opens, starts=starts, is_first=is_first
    )
    names = cut(characters, name_starts, starts - len('":')).dictionary_encode()
    values = starts + VALUE_OFFSETS.take(wrappers.tags)
    is_string = characters.take(values) == _QUOTE
    keeps_tag = (wrappers.tags == M) & ~wrappers.is_plain
    texts = cut(characters, np.where(keeps_tag, starts, values + is_string), ends - is_string + keeps_tag)
    filled = np.flatnonzero(brackets.opens.take(items + 1)).astype(np.int32)
    return Items(
        num_rows=len(items),
        column_names=tuple(unescaped(names.dictionary).to_pylist()),
        rows=filled.take(is_first.cumsum() - 1),
        attributes=names.indices.to_numpy(),
        tags=wrappers.tags,
        texts=texts,
    )


def _name_starts(
    characters: Bytes,
    positions: Positions,
    closes: Positions,
    attributes: Positions,
    *,
    starts: Positions,
    is_first: Mask,
) -> Positions:
    """Where the names of the attributes begin.

    ``closes`` are the numbers of the items' closing brackets, ``attributes`` those of the attributes'
    opening ones, which stand at ``starts``. ``is_first`` says which attribute is the first of its item.
    ``ValueError`` if the items hold anything else.
    """
    quotes = positions.take(attributes - 1) + 1
    separators = characters.take(quotes.compress(~is_first))
    quotes += ~is_first
    if not (
        (positions.take(closes) == positions.take(closes - 1) + 1).all()
        and (separators == _COMMA).all()
        and (characters.take(quotes) == _QUOTE).all()
        and (characters.take(starts - 2) == _QUOTE).all()
        and (characters.take(starts - 1) == _COLON).all()
        and (starts - quotes >= len('"":')).all()
    ):
        raise ValueError(NO_ITEM)
    return quotes + 1
