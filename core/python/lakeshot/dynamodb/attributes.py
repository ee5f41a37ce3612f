"""The values of many pages, attribute by attribute: from one entry per value to columns and back to rows."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from lakeshot.dynamodb.items import Items
from lakeshot.dynamodb.wrappers import TAGS

Rows = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class Attribute:
    """The values that an attribute has, ``NULL`` not among them.

    ``texts`` are by type tag, each in the order of the items. ``rows`` are the items' numbers, for the
    texts of one tag after the other.
    """

    source: str
    rows: Rows
    texts: dict[str, pa.StringArray]


def by_attribute(pages: Sequence[Items]) -> Iterator[Attribute]:
    """The attributes of the items of all pages, sorted by their names."""
    sources = sorted({name for page in pages for name in page.column_names})
    if not sources:
        return
    slots, slot_count = _slots(pages, sources), len(sources) * len(TAGS)
    # Of the narrowest type, because numpy sorts up to 16 bits in linear time.
    order = np.argsort(slots.astype(np.min_scalar_type(slot_count)), kind="stable")
    ends = np.cumsum(np.bincount(slots, minlength=slot_count)).reshape(len(sources), len(TAGS))
    rows = _rows(pages)[order]
    texts = pa.concat_arrays([page.texts for page in pages]).take(pa.array(order))
    begin = 0
    for source, ends_by_tag in zip(sources, ends.tolist(), strict=True):
        slices = {}
        for tag, end in zip(TAGS, ends_by_tag, strict=True):
            if end > begin and tag != "NULL":
                slices[tag] = slice(begin, end)
            begin = end
        yield Attribute(
            source,
            np.concatenate([rows[:0], *(rows[part] for part in slices.values())]),
            {tag: texts[part] for tag, part in slices.items()},
        )


def spread(values: pa.Array, rows: Rows, num_rows: int) -> pa.Array:
    """The values in their rows, null in all others."""
    if len(rows) == num_rows and (rows[1:] > rows[:-1]).all():
        return values
    indices = np.zeros(num_rows, np.int32)
    indices[rows] = np.arange(len(rows))
    is_present = np.zeros(num_rows, np.bool_)
    is_present[rows] = True
    validity = pa.py_buffer(np.packbits(is_present, bitorder="little"))
    return values.take(pa.Array.from_buffers(pa.int32(), num_rows, [validity, pa.py_buffer(indices)]))


def _slots(pages: Sequence[Items], sources: Sequence[str]) -> npt.NDArray[np.int64]:
    """For each value a number that sorts by attribute, then by tag."""
    numbers = {source: number for number, source in enumerate(sources)}
    slots = []
    for page in pages:
        own = np.array([numbers[name] * len(TAGS) for name in page.column_names], np.int64)
        slots.append(own[page.attributes] + page.tags)
    return np.concatenate(slots)


def _rows(pages: Sequence[Items]) -> Rows:
    """For each value the number of its item, counted over all pages."""
    ends = np.cumsum([page.num_rows for page in pages])
    return np.concatenate([page.rows + (end - page.num_rows) for page, end in zip(pages, ends, strict=True)])
