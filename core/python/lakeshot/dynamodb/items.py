"""The items of a Scan page in long form: one entry per attribute value, however many attributes there are."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from lakeshot.dynamodb.brackets import Brackets
from lakeshot.dynamodb.nested import unwrap
from lakeshot.dynamodb.spans import Bytes, Positions, cut
from lakeshot.dynamodb.texts import unescaped
from lakeshot.dynamodb.wrappers import ATTRIBUTE_DEPTH, VALUE_OFFSETS, M, find_wrappers

_ITEM_DEPTH = ATTRIBUTE_DEPTH - 1
_COMMA, _COLON, _QUOTE, _BRACE = b',:"{'
_NO_ITEMS = "Items is no list of items, which hold attributes, which hold a type tag and a value"


@dataclass(frozen=True, slots=True, eq=False)
class Items:
    """Items of one page.

    Entry grain: one per attribute an item has, in the order of the page. ``rows`` are the items'
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


def read_items(characters: Bytes, brackets: Brackets) -> Items:
    """The items of a list, in a text without white space; the brackets are the list's and those in it.

    ``ValueError`` for what is no list of items.
    """
    wrappers, positions = find_wrappers(characters, brackets), brackets.positions
    is_attribute = brackets.depths[wrappers.opens] == ATTRIBUTE_DEPTH
    if not is_attribute.all():
        characters, positions = unwrap(characters, positions, wrappers.where(~is_attribute))
        wrappers = wrappers.where(is_attribute)
    items = np.flatnonzero(brackets.opens & (brackets.depths == _ITEM_DEPTH))
    name_starts = _name_starts(characters, positions, brackets, items, wrappers.opens)
    starts, ends = positions[wrappers.opens], positions[wrappers.closes]
    names = cut(characters, name_starts, starts - len('":')).dictionary_encode()
    values = starts + VALUE_OFFSETS[wrappers.tags]
    is_string = characters[values] == _QUOTE
    keeps_tag = (wrappers.tags == M) & ~wrappers.is_plain
    texts = cut(characters, np.where(keeps_tag, starts, values + is_string), ends - is_string + keeps_tag)
    attribute_counts = np.diff(np.searchsorted(wrappers.opens, items), append=len(starts))
    return Items(
        num_rows=len(items),
        column_names=tuple(unescaped(names.dictionary).to_pylist()),
        rows=np.repeat(np.arange(len(items), dtype=np.int32), attribute_counts),
        attributes=names.indices.to_numpy(),
        tags=wrappers.tags,
        texts=texts,
    )


def _name_starts(
    characters: Bytes, positions: Positions, brackets: Brackets, items: Positions, attributes: Positions
) -> Positions:
    """Where the names of the attributes begin; both are given by the numbers of their opening brackets.

    ``ValueError`` if the list holds anything else.
    """
    closes = np.append(brackets.partners[items], len(positions) - 1)
    quotes = _next_tokens(characters, positions, brackets, attributes)
    starts = positions[attributes]
    if not (
        (_next_tokens(characters, positions, brackets, items) == positions[items]).all()
        and (characters[positions[items]] == _BRACE).all()
        and (positions[closes] == positions[closes - 1] + 1).all()
        and (characters[quotes] == _QUOTE).all()
        and (characters[starts - 2] == _QUOTE).all()
        and (characters[starts - 1] == _COLON).all()
        and (starts - quotes >= len('"":')).all()
    ):
        raise ValueError(_NO_ITEMS)
    return quotes + 1


def _next_tokens(characters: Bytes, positions: Positions, brackets: Brackets, given: Positions) -> Positions:
    """Where the text goes on after the bracket before each given one: behind a comma, if that one closes."""
    is_comma_due = ~brackets.opens[given - 1]
    after = positions[given - 1] + 1
    if (characters[after[is_comma_due]] != _COMMA).any():
        raise ValueError(_NO_ITEMS)
    return after + is_comma_due
