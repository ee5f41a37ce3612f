"""The logical types of columns, whatever engine writes or reads them.

Kept free of Arrow, so that manifests and catalog entries can name types without loading it.
The table of types, with what each source maps to them, is ``docs/types.md``.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated, Self

from pydantic import BeforeValidator, PlainSerializer, WithJsonSchema

from lakeshot.model import Model

MOST_DIGITS = 38
"""Digits of a decimal at most, in every engine that reads the files."""
_ARRAY_OPEN, _ARRAY_CLOSE = "array<", ">"
_DECIMAL = re.compile(r"decimal\(([1-9][0-9]?),(0|[1-9][0-9]?)\)")
_BIGINT_DIGITS = 19


class Scalar(StrEnum):
    """What one value of a column can be."""

    NULL = "null"
    """Nothing but nulls met so far; written as a string column without values."""
    BIGINT = "bigint"
    DECIMAL = "decimal(p,s)"
    """A number of p digits, s of them behind the point; no type before p and s are given."""
    NUMBER_TEXT = "number_text"
    """A number that its column's decimal does not hold, as its text."""
    DOUBLE = "double"
    """IEEE 754 of 64 bits, with NaN, infinities and the sign of zero."""
    REAL = "real"
    """The same of 32 bits."""
    STRING = "string"
    BOOLEAN = "boolean"
    BINARY = "binary"
    DATE = "date"
    """A day of the years 1 to 9999."""
    DATE_TEXT = "date_text"
    """A day that no date holds, such as an infinite one, as its text."""
    TIMESTAMP = "timestamp(6)"
    """Microseconds of the years 1 to 9999; text in files, such as ``2026-11-22 09:05:00.25``."""
    TIMESTAMP_TEXT = "timestamp_text"
    """A moment that no timestamp holds, such as an infinite one, as its text."""
    JSON = "json"
    """Text of one JSON value."""


@dataclass(frozen=True, slots=True)
class ColumnType:
    """A scalar, or an array of it; printed and parsed as text such as ``array<decimal(38,18)>``.

    Decimals have a precision of 1 to 38 digits and a scale of at most as many; all others have 0 of both.
    """

    scalar: Scalar
    is_array: bool = False
    precision: int = 0
    scale: int = 0

    def __post_init__(self) -> None:
        """ValueError for digits that there are not."""
        if self.scalar is Scalar.DECIMAL:
            if not (1 <= self.precision <= MOST_DIGITS and 0 <= self.scale <= self.precision):
                raise ValueError(
                    f"no decimal has {self.precision} digits, {self.scale} of them behind the point; "
                    f"allowed are 1 to {MOST_DIGITS}, and none to all of them"
                )
        elif self.precision or self.scale:
            raise ValueError(f"{self.scalar} has no digits to choose, so leave precision and scale out")

    @classmethod
    def parse(cls, text: str) -> Self:
        """The type a text names; ``ValueError`` if it names none."""
        is_array = text.startswith(_ARRAY_OPEN) and text.endswith(_ARRAY_CLOSE)
        scalar = text[len(_ARRAY_OPEN) : -len(_ARRAY_CLOSE)] if is_array else text
        try:
            if digits := _DECIMAL.fullmatch(scalar):
                return cls(Scalar.DECIMAL, is_array, int(digits[1]), int(digits[2]))
            return cls(Scalar(scalar), is_array)
        except ValueError:
            allowed = ", ".join(Scalar)
            raise ValueError(
                f"not a column type: {text!r}; allowed are {allowed} with p up to {MOST_DIGITS} and s up to "
                "p, and array<…> of them"
            ) from None

    @property
    def element(self) -> "ColumnType":
        """The type of an array's elements; of a scalar, itself."""
        return ColumnType(self.scalar, False, self.precision, self.scale)

    def __str__(self) -> str:
        return self.apply(_name)

    def apply(self, name_element: Callable[["ColumnType"], str], template: str = "array<{}>") -> str:
        """The type's text where another language names scalars and arrays its own way."""
        name = name_element(self.element)
        return template.format(name) if self.is_array else name


def decimal(precision: int, scale: int) -> ColumnType:
    """The type of numbers of so many digits, ``scale`` of them behind the point; ValueError if none has."""
    return ColumnType(Scalar.DECIMAL, precision=precision, scale=scale)


def array_of(element: ColumnType) -> ColumnType:
    """The array type of a scalar type."""
    return ColumnType(element.scalar, True, element.precision, element.scale)


NULL = ColumnType(Scalar.NULL)
BIGINT = ColumnType(Scalar.BIGINT)
DECIMAL = decimal(38, 18)
NUMBER_TEXT = ColumnType(Scalar.NUMBER_TEXT)
DOUBLE = ColumnType(Scalar.DOUBLE)
REAL = ColumnType(Scalar.REAL)
STRING = ColumnType(Scalar.STRING)
BOOLEAN = ColumnType(Scalar.BOOLEAN)
BINARY = ColumnType(Scalar.BINARY)
DATE = ColumnType(Scalar.DATE)
DATE_TEXT = ColumnType(Scalar.DATE_TEXT)
TIMESTAMP = ColumnType(Scalar.TIMESTAMP)
TIMESTAMP_TEXT = ColumnType(Scalar.TIMESTAMP_TEXT)
JSON = ColumnType(Scalar.JSON)

PINNABLE = (
    BIGINT,
    DECIMAL,
    NUMBER_TEXT,
    DOUBLE,
    REAL,
    STRING,
    BOOLEAN,
    BINARY,
    DATE,
    DATE_TEXT,
    TIMESTAMP,
    TIMESTAMP_TEXT,
    JSON,
    *(array_of(element) for element in (BIGINT, DECIMAL, NUMBER_TEXT, STRING, BINARY)),
)
"""Types that a source's values can have, and that an export may therefore pin an attribute to.

Of decimals, and of arrays of them, there is one for all: see ``is_pinnable``.
"""
PINNABLE_NAMES = tuple(kind.apply(lambda one: one.scalar) for kind in PINNABLE)
"""What they are called, whatever digits a decimal has."""
_DIGITS = "([1-9]|[12][0-9]|3[0-8])"
_ANY_DECIMAL = rf"decimal\({_DIGITS},(0|{_DIGITS})\)"
DECIMAL_PATTERN = f"^({_ANY_DECIMAL}|array<{_ANY_DECIMAL}>)$"
"""What texts of decimals, and of arrays of them, look like; that s is at most p it cannot say."""


def is_pinnable(column_type: ColumnType) -> bool:
    """Whether an export may pin an attribute to the type: those of ``PINNABLE`` with any digits."""
    return column_type in PINNABLE or column_type.scalar is Scalar.DECIMAL


def widen(a: ColumnType, b: ColumnType) -> ColumnType:
    """The narrowest type that holds every value of both without loss; JSON text holds all."""
    if b in (a, NULL):
        return a
    if a == NULL:
        return b
    if a.is_array != b.is_array:
        return JSON
    wider = _number(a, b) or _WIDER.get(frozenset((a.scalar, b.scalar)))
    if wider is None:
        return JSON
    return array_of(wider) if a.is_array else wider


_NUMBERS = (Scalar.BIGINT, Scalar.DECIMAL, Scalar.NUMBER_TEXT)
_WIDER = {
    frozenset((Scalar.REAL, Scalar.DOUBLE)): DOUBLE,
    frozenset((Scalar.DATE, Scalar.DATE_TEXT)): DATE_TEXT,
    frozenset((Scalar.TIMESTAMP, Scalar.TIMESTAMP_TEXT)): TIMESTAMP_TEXT,
}
"""Pairs, beside those of exact numbers, of which one holds the other."""


def _number(a: ColumnType, b: ColumnType) -> ColumnType | None:
    """What holds two different kinds of exact numbers; None if they are not all that."""
    if a.scalar not in _NUMBERS or b.scalar not in _NUMBERS:
        return None
    if Scalar.NUMBER_TEXT in (a.scalar, b.scalar):
        return NUMBER_TEXT
    scale = max(a.scale, b.scale)
    precision = max(_whole_digits(a), _whole_digits(b)) + scale
    return decimal(precision, scale) if precision <= MOST_DIGITS else NUMBER_TEXT


def _whole_digits(number: ColumnType) -> int:
    """How many digits there may be before the point."""
    return _BIGINT_DIGITS if number.scalar is Scalar.BIGINT else number.precision - number.scale


def _name(scalar: ColumnType) -> str:
    if scalar.scalar is Scalar.DECIMAL:
        return f"decimal({scalar.precision},{scalar.scale})"
    return scalar.scalar.value


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
