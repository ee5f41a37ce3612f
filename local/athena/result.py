"""A query's result as Athena writes it: every value as text, CSV with every field quoted.

https://docs.aws.amazon.com/athena/latest/ug/querying-finding-output-files.html; an unquoted empty field is
null. Values inside arrays, maps and rows are written as Trino's console does: ``[a, b]``, ``{k=v}``.
"""

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import numpy as np
import pyarrow as pa

from local.lake.hive_types import trino_type

_SMALLEST_PLAIN, _LARGEST_PLAIN = 1e-3, 1e7
_TIMESPECS = {"s": "seconds", "ms": "milliseconds", "us": "microseconds"}


@dataclass(frozen=True, slots=True)
class Result:
    """Column names, their Athena types (``decimal``, ``varchar``, …) and rows of texts; None is null."""

    columns: tuple[str, ...] = ()
    types: tuple[str, ...] = ()
    rows: Sequence[Sequence[str | None]] = ()

    def csv(self) -> bytes:
        """Return the result file of a query: a header and one line per row."""
        lines = [",".join(_quoted(name) for name in self.columns)]
        lines += [",".join("" if text is None else _quoted(text) for text in row) for row in self.rows]
        return ("\n".join(lines) + "\n").encode()

    def txt(self) -> bytes:
        """Return the result file of DDL and utility statements: tab-separated, without a header."""
        return "".join("\t".join(text or "" for text in row) + "\n" for row in self.rows).encode()


def texts(lines: Iterable[str], column: str) -> Result:
    """Return a result of one text column."""
    return Result((column,), ("string",), [(line,) for line in lines])


def result_of(table: pa.Table) -> Result:
    """Return a table's rows as texts."""
    types = tuple(_api_type(field.type) for field in table.schema)
    columns = [
        [None if value is None else form(value) for value in column.to_pylist()]
        for column, form in zip(table.columns, map(_form, table.schema.types), strict=True)
    ]
    rows = list(zip(*columns, strict=True)) if columns else []
    return Result(tuple(table.column_names), types, rows)


def _quoted(text: str) -> str:
    return '"' + text.replace('"', '""') + '"'


def _api_type(kind: pa.DataType) -> str:
    text = trino_type(kind)
    name = text.split("(", maxsplit=1)[0]
    zoned = text.endswith("with time zone")
    return f"{name} with time zone" if zoned else {"real": "float"}.get(name, name)


def _form(kind: pa.DataType) -> Callable[[Any], str]:
    """Return how values of a type are written."""
    if pa.types.is_map(kind):
        key, item = _form(kind.key_type), _form(kind.item_type)
        return lambda pairs: _joined("{", (f"{key(k)}={_inner(item, v)}" for k, v in pairs), "}")
    if pa.types.is_list(kind) or pa.types.is_large_list(kind):
        element = _form(kind.value_type)
        return lambda values: _joined("[", (_inner(element, value) for value in values), "]")
    if pa.types.is_struct(kind):
        forms = {field.name: _form(field.type) for field in kind}
        return lambda row: _joined("{", (f"{n}={_inner(forms[n], v)}" for n, v in row.items()), "}")
    if pa.types.is_float32(kind):
        return lambda value: floating(np.float32(value))
    if pa.types.is_timestamp(kind):
        precision = "milliseconds" if kind.tz else _TIMESPECS[kind.unit]
        return lambda moment: _moment(moment, precision)
    return _scalar


def _moment(moment: datetime, precision: str) -> str:
    zone = " UTC" if moment.tzinfo else ""
    return moment.replace(tzinfo=None).isoformat(" ", precision) + zone


def _joined(opening: str, parts: Iterable[str], closing: str) -> str:
    return opening + ", ".join(parts) + closing


def _inner(form: Callable[[Any], str], value: object) -> str:
    return "null" if value is None else form(value)


def _scalar(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return floating(value)
    if isinstance(value, Decimal):
        return f"{value:f}"
    if isinstance(value, bytes):
        return value.hex(" ")
    if isinstance(value, date):
        return value.isoformat()
    return str(value)


def floating(value: float | np.float32) -> str:
    """Java's Double.toString or Float.toString, which Trino prints: the fewest digits that tell the value."""
    if math.isnan(value):
        return "NaN"
    size = abs(float(value))
    if math.isinf(size):
        return "Infinity" if float(value) > 0 else "-Infinity"
    if size == 0 or _SMALLEST_PLAIN <= size < _LARGEST_PLAIN:
        return np.format_float_positional(value, trim="0")
    return np.format_float_scientific(value, trim="0", exp_digits=1).replace("e+", "E").replace("e", "E")
