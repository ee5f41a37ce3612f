"""Trino SQL for what ``lakeshot.columns.casting`` does with Arrow: values in a wider type, without loss."""

from lakeshot.columns.json_text import JSON_NUMBER
from lakeshot.columns.schema import trino_type
from lakeshot.columns.types import JSON, NULL, NUMBER_TEXT, ColumnType, Scalar, widen
from lakeshot.lake.sql import literal

_TRAILING_ZEROS = "[.]?0+$"
"""Of a decimal's text, which always has 18 digits behind the point."""
_SET_TAGS = {
    Scalar.STRING: "SS",
    Scalar.BIGINT: "NS",
    Scalar.DECIMAL: "NS",
    Scalar.NUMBER_TEXT: "NS",
    Scalar.BINARY: "BS",
}


def widened(value: str, given: ColumnType, wanted: ColumnType) -> str:
    """The expression's value in a wider type; ``ValueError`` if it is not wider.

    JSON text is the same JSON as Arrow's; it may escape other characters.
    """
    if widen(given, wanted) != wanted:
        raise ValueError(f"cannot cast {given} to {wanted} without loss; widen to {widen(given, wanted)}")
    if given == wanted:
        return value
    if given == NULL:
        return null_of(wanted)
    if wanted == JSON:
        return _json(value, given)
    if given.is_array:
        return _each(value, widened("element", given.element, wanted.element))
    return _digits(value, given) if wanted == NUMBER_TEXT else f"CAST({value} AS {trino_type(wanted)})"


def null_of(wanted: ColumnType) -> str:
    """No value, in a type."""
    return f"CAST(NULL AS {trino_type(wanted)})"


def _json(value: str, given: ColumnType) -> str:
    if given.is_array:
        if given.scalar not in _SET_TAGS:
            raise ValueError(f"no JSON text for {given}")
        return _tagged(_SET_TAGS[given.scalar], _quoted(_texts(value, given.element)))
    match given.scalar:
        case Scalar.STRING:
            return _quoted(value)
        case Scalar.NUMBER_TEXT:
            tagged = _tagged("N", _quoted(value))
            return f"CASE WHEN regexp_like({value}, {literal(JSON_NUMBER)}) THEN {value} ELSE {tagged} END"
        case Scalar.BINARY:
            return _tagged("B", _quoted(f"to_base64({value})"))
        case Scalar.BOOLEAN:
            return f"CAST({value} AS varchar)"
        case _:
            return _digits(value, given)


def _texts(elements: str, element: ColumnType) -> str:
    if element.scalar is Scalar.BINARY:
        return _each(elements, "to_base64(element)")
    is_number = element.scalar in (Scalar.BIGINT, Scalar.DECIMAL)
    return _each(elements, _digits("element", element)) if is_number else elements


def _digits(value: str, given: ColumnType) -> str:
    """Plain digits, without exponent, trailing zeros or trailing point."""
    text = f"CAST({value} AS varchar)"
    return f"regexp_replace({text}, {literal(_TRAILING_ZEROS)})" if given.scalar is Scalar.DECIMAL else text


def _each(elements: str, expression: str) -> str:
    return f"transform({elements}, element -> {expression})"


def _quoted(texts: str) -> str:
    """A text as a JSON string, or texts as a JSON array of them."""
    return f"json_format(CAST({texts} AS json))"


def _tagged(tag: str, json: str) -> str:
    return f"'{{\"{tag}\":' || {json} || '}}'"
