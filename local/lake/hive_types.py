"""The three spellings of one column type: Hive's (catalog), Trino's (query results) and Arrow's.

Hive: https://docs.aws.amazon.com/athena/latest/ug/data-types.html. The length of char and varchar is
dropped (both read as text), and Hive's timestamp counts milliseconds, as in Athena; Trino's has a precision.
"""

import re
from collections.abc import Callable

import pyarrow as pa

_BY_HIVE: dict[str, pa.DataType] = {
    "boolean": pa.bool_(),
    "tinyint": pa.int8(),
    "smallint": pa.int16(),
    "int": pa.int32(),
    "integer": pa.int32(),
    "bigint": pa.int64(),
    "float": pa.float32(),
    "real": pa.float32(),
    "double": pa.float64(),
    "string": pa.string(),
    "varchar": pa.string(),
    "char": pa.string(),
    "binary": pa.binary(),
    "varbinary": pa.binary(),
    "date": pa.date32(),
    "timestamp": pa.timestamp("ms"),
}
_HIVE_NAMES = {
    "bool": "boolean", "int8": "tinyint", "int16": "smallint", "int32": "int", "int64": "bigint",
    "float": "float", "double": "double", "string": "string", "binary": "binary", "date32[day]": "date",
}  # fmt: skip
_TRINO_NAMES = _HIVE_NAMES | {"int32": "integer", "float": "real", "string": "varchar", "binary": "varbinary"}
_FRACTION_DIGITS = {"s": 0, "ms": 3, "us": 6, "ns": 9}
_TOKEN = re.compile(r"\s*([<>(),:]|[^<>(),:\s]+)")


class UnknownTypeError(ValueError):
    """A type text that Hive would not understand."""


def arrow_type(hive: str) -> pa.DataType:
    """Arrow's form of a Hive type such as ``array<struct<a:int,b:decimal(38,18)>>``.

    Raises UnknownTypeError for any text that is not a type of Athena's DDL.
    """
    tokens = _TOKEN.findall(hive.lower())
    found, rest = _parse(tokens, hive)
    if rest:
        raise UnknownTypeError(f"the type {hive!r} has unexpected text after {tokens[0]!r}")
    return found


def _parse(tokens: list[str], whole: str) -> tuple[pa.DataType, list[str]]:
    if not tokens:
        raise UnknownTypeError(f"the type {whole!r} ends too early")
    name, rest = tokens[0], tokens[1:]
    if name == "array" and rest[:1] == ["<"]:
        element, rest = _parse(rest[1:], whole)
        return pa.list_(element), _closed(rest, whole)
    if name == "map" and rest[:1] == ["<"]:
        key, rest = _parse(rest[1:], whole)
        value, rest = _parse(rest[1:], whole)
        return pa.map_(key, value), _closed(rest, whole)
    if name == "struct" and rest[:1] == ["<"]:
        fields: list[pa.Field] = []
        while rest[:1] in (["<"], [","]):
            label, (kind, rest) = rest[1], _parse(rest[3:], whole)
            fields.append(pa.field(label, kind))
        return pa.struct(fields), _closed(rest, whole)
    if name == "decimal":
        if rest[:1] != ["("]:
            return pa.decimal128(10, 0), rest
        end = rest.index(")")
        digits = [int(text) for text in rest[1:end] if text != ","]
        return pa.decimal128(digits[0], digits[1] if len(digits) > 1 else 0), rest[end + 1 :]
    if name in _BY_HIVE:
        if rest[:1] == ["("]:
            rest = rest[rest.index(")") + 1 :]
        return _BY_HIVE[name], rest
    raise UnknownTypeError(f"the type {whole!r} is not one of Hive's: {name!r} is unknown")


def _closed(rest: list[str], whole: str) -> list[str]:
    if rest[:1] != [">"]:
        raise UnknownTypeError(f"the type {whole!r} lacks a '>'")
    return rest[1:]


def hive_type(kind: pa.DataType) -> str:
    """Hive's spelling, as the catalog declares columns."""
    return _spelled(kind, _HIVE_NAMES, "array<{}>", "map<{},{}>", "struct<{}>", lambda n, t: f"{n}:{t}")


def trino_type(kind: pa.DataType) -> str:
    """Trino's spelling, as view definitions and DESCRIBE of a query have it."""
    return _spelled(kind, _TRINO_NAMES, "array({})", "map({}, {})", "row({})", lambda n, t: f"{n} {t}")


def _spelled(  # noqa: PLR0911, PLR0917 - one kind of type per line; the spelling's pieces in order
    kind: pa.DataType,
    names: dict[str, str],
    array: str,
    mapping: str,
    struct: str,
    field: Callable[[str, str], str],
) -> str:
    def spell(inner: pa.DataType) -> str:
        return _spelled(inner, names, array, mapping, struct, field)

    is_trino = names is _TRINO_NAMES
    if pa.types.is_dictionary(kind):
        return spell(kind.value_type)
    if pa.types.is_large_string(kind) or pa.types.is_null(kind):
        return names["string"]
    if pa.types.is_large_binary(kind):
        return names["binary"]
    if pa.types.is_decimal(kind):
        return f"decimal({kind.precision},{kind.scale})"
    if pa.types.is_timestamp(kind):
        if not is_trino:
            return "timestamp"
        # DuckDB has zones in microseconds only; nothing here makes finer ones than Trino's default.
        return "timestamp(3) with time zone" if kind.tz else f"timestamp({_FRACTION_DIGITS[kind.unit]})"
    if pa.types.is_map(kind):
        return mapping.format(spell(kind.key_type), spell(kind.item_type))
    if pa.types.is_list(kind) or pa.types.is_large_list(kind):
        return array.format(spell(kind.value_type))
    if pa.types.is_struct(kind):
        parts = [field(kind.field(i).name, spell(kind.field(i).type)) for i in range(kind.num_fields)]
        return struct.format((", " if is_trino else ",").join(parts))
    try:
        return names[str(kind)]
    except KeyError:
        raise UnknownTypeError(f"Athena has no type for {kind}; cast it first") from None
