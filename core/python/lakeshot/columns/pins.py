"""Types that an export's settings pin attributes to, whatever was published and whatever is met.

A pin replaces a published type, also a wider one, and is never widened: a value that it cannot hold
without loss is an error as soon as it is met.
"""

from collections.abc import Iterable, Mapping

from lakeshot.columns.types import NULL, Column, ColumnType, widen
from lakeshot.errors import PinnedTypeError

Pins = Mapping[str, ColumnType]
"""The pinned type of each attribute that has one."""


def starting_columns(known: Iterable[Column], pins: Pins) -> tuple[Column, ...]:
    """The known columns, such as those last published, with the types they are pinned to."""
    return tuple(
        column.model_copy(update={"type": pins[column.source]}) if column.source in pins else column
        for column in known
    )


def held_to_pins(met: Iterable[Column], pins: Pins) -> tuple[Column, ...]:
    """Columns as they were met, with the types they are pinned to; without values they stay ``null``.

    PinnedTypeError names the first attribute that holds what its pinned type does not.
    """
    columns = tuple(met)
    for column in columns:
        pin = pins.get(column.source, NULL)
        if pin != NULL and widen(pin, column.type) != pin:
            raise PinnedTypeError(
                f"attribute {column.source!r} is pinned to {pin}, but holds values that need {column.type}; "
                "nothing was published. Remove its entry from 'types' in exports.yaml or widen it to "
                f"{widen(pin, column.type)} (json holds everything), deploy and run again"
            )
    present = {column.source for column in columns if column.type != NULL}
    return starting_columns(columns, {source: pin for source, pin in pins.items() if source in present})
