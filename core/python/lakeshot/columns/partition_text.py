"""Values as the texts that name folders and partitions: equal for equal values, and different for others.

Texts are percent-encoded (RFC 3986, section 2.1), so that nothing in them means anything to a path. A number
has one text whatever type it is held in: its digits, without exponent, sign of zero or trailing zeros.
"""

from decimal import Decimal
from urllib.parse import quote

import pyarrow as pa
import pyarrow.compute as pc

from lakeshot.columns.partition_by import EMPTY, NO_VALUE
from lakeshot.columns.plain_text import plain_text
from lakeshot.columns.types import BOOLEAN, NULL, ColumnType, Scalar

_TEXTS = (Scalar.STRING, Scalar.DATE, Scalar.DATE_TEXT)


def partition_text(values: pa.Array, kind: ColumnType) -> pa.Array:
    """The text of each value of a type that can be partitioned by; null has one, too.

    A loop takes every different value once, not every row.
    """
    if kind == NULL:
        return pa.repeat(NO_VALUE, len(values))
    plain = plain_text(values, kind)
    if kind == BOOLEAN:
        return pc.fill_null(plain, NO_VALUE)
    spelled = _text if kind.scalar in _TEXTS else _number
    distinct = plain.dictionary_encode()
    texts = pa.array(map(spelled, distinct.dictionary.to_pylist()), pa.string())
    return pc.fill_null(texts.take(distinct.indices), NO_VALUE)


def _text(value: str) -> str:
    if value == NO_VALUE:
        return f"%{ord(value[0]):02X}{value[1:]}"  # null has the text itself
    return quote(value, safe="") or EMPTY


def _number(digits: str) -> str:
    number = Decimal(digits)
    plain = f"{number:f}" if number else "0"
    return plain.rstrip("0").rstrip(".") if "." in plain else plain
