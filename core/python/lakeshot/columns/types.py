"""The logical types of columns, whatever engine writes or reads them.

Kept free of Arrow, so that manifests and catalog entries can name types without loading it.
The table of types, with what each source maps to them, is ``docs/types.md``.
"""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated, Self

from pydantic import BeforeValidator, PlainSerializer, WithJsonSchema

from lakeshot.model import Model

_ARRAY_OPEN, _ARRAY_CLOSE = "array<", ">"


class Scalar(StrEnum):
    """What one value of a column can be."""

    NULL = "null"
    """Nothing but nulls met so far; written as a string column without values."""
    BIGINT = "bigint"
    DECIMAL = "decimal(38,18)"
    NUMBER_TEXT = "number_text"
    """A number no decimal(38,18) holds, as its text."""
    STRING = "string"
    BOOLEAN = "boolean"
    BINARY = "binary"
    JSON = "json"
    """Text of one JSON value."""


_NUMBERS = (Scalar.BIGINT, Scalar.DECIMAL, Scalar.NUMBER_TEXT)


@dataclass(frozen=True, slots=True)
class ColumnType:
    """A scalar, or an array of it; printed and parsed as text such as ``array<decimal(38,18)>``."""

    scalar: Scalar
    is_array: bool = False

    @classmethod
    def parse(cls, text: str) -> Self:
        """The type a text names; ``ValueError`` if it names none."""
        is_array = text.startswith(_ARRAY_OPEN) and text.endswith(_ARRAY_CLOSE)
        scalar = text[len(_ARRAY_OPEN) : -len(_ARRAY_CLOSE)] if is_array else text
        try:
            return cls(Scalar(scalar), is_array)
        except ValueError:
            allowed = ", ".join(Scalar)
            raise ValueError(
                f"not a column type: {text!r}; allowed are {allowed} and array<…> of them"
            ) from None

    @property
    def element(self) -> "ColumnType":
        """The type of an array's elements; of a scalar, itself."""
        return ColumnType(self.scalar)

    def __str__(self) -> str:
        return self.apply(str)

    def apply(self, name_scalar: Callable[[Scalar], str], template: str = "array<{}>") -> str:
        """The type's text where another language names scalars and arrays its own way."""
        name = name_scalar(self.scalar)
        return template.format(name) if self.is_array else name


NULL = ColumnType(Scalar.NULL)
BIGINT = ColumnType(Scalar.BIGINT)
DECIMAL = ColumnType(Scalar.DECIMAL)
NUMBER_TEXT = ColumnType(Scalar.NUMBER_TEXT)
STRING = ColumnType(Scalar.STRING)
BOOLEAN = ColumnType(Scalar.BOOLEAN)
BINARY = ColumnType(Scalar.BINARY)
JSON = ColumnType(Scalar.JSON)


def array_of(element: ColumnType) -> ColumnType:
    """The array type of a scalar type."""
    return ColumnType(element.scalar, is_array=True)


PINNABLE = (
    BIGINT,
    DECIMAL,
    NUMBER_TEXT,
    STRING,
    BOOLEAN,
    BINARY,
    JSON,
    *(array_of(element) for element in (BIGINT, DECIMAL, NUMBER_TEXT, STRING, BINARY)),
)
"""The types that a source's values can have, and that an export may therefore pin an attribute to."""


def widen(a: ColumnType, b: ColumnType) -> ColumnType:
    """The narrowest type that holds every value of both without loss; numbers, then JSON text."""
    if b in (a, NULL):
        return a
    if a == NULL:
        return b
    if a.is_array == b.is_array and a.scalar in _NUMBERS and b.scalar in _NUMBERS:
        return ColumnType(max(a.scalar, b.scalar, key=_NUMBERS.index), a.is_array)
    return JSON


def _parsed(value: object) -> object:
    return value if isinstance(value, ColumnType) else ColumnType.parse(str(value))


TypeField = Annotated[
    ColumnType,
    BeforeValidator(_parsed),
    PlainSerializer(str, return_type=str),
    WithJsonSchema({"type": "string"}),
]
"""A column type as a model's field, which is text in JSON."""


class Column(Model):
    """One column of a file or a table.

    ``name`` is what the catalog shows, ``source`` what the source calls it, character by character.
    """

    name: str
    source: str
    type: TypeField
