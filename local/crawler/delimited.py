"""Delimited lines as Glue's built-in CSV classifier takes them.

https://docs.aws.amazon.com/glue/latest/dg/add-classifier.html, "Built-in CSV classifier": a comma, pipe,
tab, semicolon or Ctrl-A between at least two columns of at least two rows; the first row is a header only if
all of it is text fit for names and some of the rest is no text. Without a header columns are ``col0``,
``col1``, ...
"""

import re

import pyarrow as pa

from local.crawler.found import Inferred

_DELIMITERS = (",", "|", "\t", ";", "\x01")
_FEWEST = 2
_LONGEST_HEADER = 150
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_ .-]*")
_WHOLE = re.compile(r"[+-]?[0-9]{1,18}")
_FRACTION = re.compile(r"[+-]?([0-9]+\.[0-9]*|\.[0-9]+|[0-9]+)([eE][+-]?[0-9]+)?")


def inferred_csv(text: bytes) -> Inferred | None:
    """Return what delimited lines say; None for fewer than two rows or columns, or rows of other lengths."""
    try:
        lines = text.decode().splitlines()
    except UnicodeDecodeError:
        return None
    for delimiter in _DELIMITERS:
        rows = [line.split(delimiter) for line in lines]
        lengths = {len(row) for row in rows}
        if len(rows) >= _FEWEST and len(lengths) == 1 and lengths.pop() >= _FEWEST:
            return _described(rows, delimiter)
    return None


def _described(rows: list[list[str]], delimiter: str) -> Inferred:
    below = [_kind(column) for column in zip(*rows[1:], strict=True)]
    has_header = all(map(_is_name, rows[0])) and any(kind != pa.string() for kind in below)
    kinds = below if has_header else [_kind(column) for column in zip(*rows, strict=True)]
    names = [name.lower() for name in rows[0]] if has_header else [f"col{n}" for n in range(len(kinds))]
    return Inferred(
        "csv",
        dict(zip(names, kinds, strict=True)),
        len(rows) - has_header,
        {"field.delim": delimiter},
        {"delimiter": delimiter, "areColumnsQuoted": "false", "columnsOrdered": "true"}
        | ({"skip.header.line.count": "1"} if has_header else {}),
    )


def _is_name(text: str) -> bool:
    return len(text) < _LONGEST_HEADER and _NAME.fullmatch(text) is not None and _kind((text,)) == pa.string()


def _kind(values: tuple[str, ...]) -> pa.DataType:
    if all(_WHOLE.fullmatch(value) for value in values):
        return pa.int64()
    if all(_FRACTION.fullmatch(value) for value in values):
        return pa.float64()
    if all(value.lower() in {"true", "false"} for value in values):
        return pa.bool_()
    return pa.string()
