"""Trino SQL for what ``lakeshot.columns.casting`` does with Arrow: values in a wider type, without loss."""

from lakeshot.columns.json_text import JSON_NUMBER
from lakeshot.columns.plain_text import NOT_FINITE
from lakeshot.columns.schema import trino_type
from lakeshot.columns.types import JSON, NULL, ColumnType, Scalar, widen
from lakeshot.lake.sql import literal

_TRAILING_ZEROS = "[.]?0+$"
"""Of the text of a decimal, or a timestamp, which always has all of its digits behind the point."""
_TEXTS = (Scalar.STRING, Scalar.NUMBER_TEXT, Scalar.DATE_TEXT, Scalar.TIMESTAMP_TEXT)
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
    is_number = wanted.scalar in (Scalar.DECIMAL, Scalar.DOUBLE)
    return f"CAST({value} AS {trino_type(wanted)})" if is_number else _text(value, given)


def null_of(wanted: ColumnType) -> str:
    """No value, in a type."""
    return f"CAST(NULL AS {trino_type(wanted)})"


def _json(value: str, given: ColumnType) -> str:
    if given.is_array:
        if given.scalar not in _SET_TAGS:
            raise ValueError(f"no JSON text for {given}")
        return _tagged(_SET_TAGS[given.scalar], _quoted(_texts(value, given.element)))
    text = _text(value, given)
    match given.scalar:
        case Scalar.NUMBER_TEXT:
            is_plain = f"regexp_like({value}, {literal(JSON_NUMBER)})"
            is_not_finite = f"{value} IN ({', '.join(map(literal, NOT_FINITE))})"
            quoted = _quoted(value)
            otherwise = f"WHEN {is_not_finite} THEN {quoted} ELSE {_tagged('N', quoted)}"
            return f"CASE WHEN {is_plain} THEN {value} {otherwise} END"
        case Scalar.DOUBLE | Scalar.REAL:
            return _quoted(value)  # cast to varchar, a real would have seven digits at most
        case Scalar.BINARY:
            return _tagged("B", _quoted(text))
        case Scalar.BIGINT | Scalar.DECIMAL | Scalar.BOOLEAN:
            return text
        case _:
            return _quoted(text)


def _texts(elements: str, element: ColumnType) -> str:
    return elements if element.scalar in _TEXTS else _each(elements, _text("element", element))


def _text(value: str, given: ColumnType) -> str:
    """As ``lakeshot.columns.plain_text`` spells it; not for floating-point values."""
    if given.scalar in _TEXTS:
        return value
    if given.scalar is Scalar.BINARY:
        return f"to_base64({value})"
    text = f"CAST({value} AS varchar)"
    has_zeros = given.scale > 0 or given.scalar is Scalar.TIMESTAMP
    return f"regexp_replace({text}, {literal(_TRAILING_ZEROS)})" if has_zeros else text


def _each(elements: str, expression: str) -> str:
    return f"transform({elements}, element -> {expression})"


def _quoted(texts: str) -> str:
    """A text as a JSON string, or texts as a JSON array of them.

    A floating-point value is a number with all its digits, or, if it is none, a string: so say Trino's own
    tests of its ``JsonOperators``.
    """
    return f"json_format(CAST({texts} AS json))"


def _tagged(tag: str, json: str) -> str:
    return f"'{{\"{tag}\":' || {json} || '}}'"
