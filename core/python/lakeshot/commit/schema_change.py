"""How a snapshot's columns differ from those of the snapshot that the run started from."""

from collections.abc import Collection, Sequence
from typing import Self

from lakeshot.columns.types import Column, TypeField
from lakeshot.model import Model

_MOST_TOLD = 20
_LONGEST_NAME = 60


class Retyped(Model):
    """An attribute whose column has another type than before: a wider one, or the one it is pinned to."""

    attribute: str
    before: TypeField
    after: TypeField


class SchemaChange(Model):
    """The difference, attribute by attribute.

    ``absent`` are the attributes that were known and have no value in any row of this snapshot.
    """

    added: tuple[Column, ...] = ()
    retyped: tuple[Retyped, ...] = ()
    absent: tuple[str, ...] = ()

    @classmethod
    def between(cls, known: Sequence[Column], columns: Sequence[Column], filled: Collection[str]) -> Self:
        """From the known columns to a snapshot's; ``filled`` are the attributes with values in it."""
        before = {column.source: column.type for column in known}
        return cls(
            added=tuple(column for column in columns if column.source not in before),
            retyped=tuple(
                Retyped(attribute=column.source, before=before[column.source], after=column.type)
                for column in columns
                if before.get(column.source, column.type) != column.type
            ),
            absent=tuple(column.source for column in known if column.source not in filled),
        )

    def summary(self) -> str:
        """The difference in words, what matters most first and not much of it; empty if there is none."""
        told = [
            *(f"{_short(one.attribute)} is {one.after}, was {one.before}" for one in self.retyped),
            *(f"{_short(column.source)} is new ({column.type})" for column in self.added),
            *(f"{_short(attribute)} has no values" for attribute in self.absent),
        ]
        if len(told) > _MOST_TOLD:
            told[_MOST_TOLD:] = [f"and {len(told) - _MOST_TOLD:,} more"]
        return "; ".join(told)


def _short(attribute: str) -> str:
    text = repr(attribute)
    return text if len(text) <= _LONGEST_NAME else f"{text[: _LONGEST_NAME - 4]}...{text[-1]}"
