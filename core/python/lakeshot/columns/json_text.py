"""Values as lossless JSON text: what plain JSON cannot tell apart keeps a tag, as DynamoDB writes it.

Text is a JSON string, numbers keep their exact digits; binary values, sets, and numbers that JSON
cannot spell are objects of one tag, such as ``{"B":"AAE="}``. Dates, timestamps, ``NaN`` and infinities are
JSON strings, as PostgreSQL writes them. Vectorised: no loop per value.
"""

import pyarrow as pa
import pyarrow.compute as pc

from lakeshot.columns import base64_text
from lakeshot.columns.lists import map_elements
from lakeshot.columns.plain_text import NOT_FINITE, plain_text
from lakeshot.columns.types import ColumnType, Scalar

JSON_NUMBER = r"^-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?$"
"""What JSON accepts as a number (RFC 8259, section 6)."""

_CONTROL = r"[\x00-\x1f]"
_ESCAPES = {chr(code): f"\\u{code:04x}" for code in range(0x20)}
_TEXTS = (Scalar.STRING, Scalar.DATE, Scalar.DATE_TEXT, Scalar.TIMESTAMP, Scalar.TIMESTAMP_TEXT)
_SET_TAGS = {Scalar.STRING: "SS", Scalar.NUMBER_TEXT: "NS", Scalar.BINARY: "BS"}


def encode(array: pa.Array, given: ColumnType) -> pa.Array:
    """JSON text of values, or of arrays of strings, binary values or number texts; nulls stay null.

    Raises ``ValueError`` for types whose digits the caller has to spell first, and for other arrays.
    """
    if given.is_array:
        tag = _SET_TAGS.get(given.scalar)
        if tag is None:
            raise ValueError(f"no JSON text for {given}")
        return _set(array, given.element, tag)
    match given.scalar:
        case scalar if scalar in _TEXTS:
            return quote(plain_text(array, given))
        case Scalar.DOUBLE | Scalar.REAL:
            text = plain_text(array, given)
            return pc.if_else(_is_not_finite(text), quote(text), text)
        case Scalar.NUMBER_TEXT:
            plain = pc.match_substring_regex(array, JSON_NUMBER)
            quoted = quote(array)
            return pc.if_else(plain, array, pc.if_else(_is_not_finite(array), quoted, _tagged("N", quoted)))
        case Scalar.BOOLEAN:
            return pc.cast(array, pa.string())
        case Scalar.BINARY:
            return _tagged("B", quote(base64_text.encode(array)))
        case _:
            raise ValueError(f"no JSON text for {given}")


def quote(strings: pa.Array) -> pa.Array:
    """The strings as JSON strings."""
    escaped = pc.replace_substring(strings, "\\", "\\\\")
    escaped = pc.replace_substring(escaped, '"', '\\"')
    if pc.any(pc.match_substring_regex(escaped, _CONTROL)).as_py():
        for character, escape in _ESCAPES.items():
            escaped = pc.replace_substring(escaped, character, escape)
    return pc.binary_join_element_wise('"', escaped, '"', "")


def _is_not_finite(texts: pa.Array) -> pa.Array:
    return pc.is_in(texts, pa.array(NOT_FINITE))


def _set(lists: pa.ListArray, element: ColumnType, tag: str) -> pa.Array:
    texts = map_elements(lists, base64_text.encode) if element.scalar is Scalar.BINARY else lists
    quoted = map_elements(texts, quote)
    return _tagged(tag, pc.binary_join_element_wise("[", pc.binary_join(quoted, ","), "]", ""))


def _tagged(tag: str, texts: pa.Array) -> pa.Array:
    return pc.binary_join_element_wise(f'{{"{tag}":', texts, "}", "")
