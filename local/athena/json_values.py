"""One JSON value as a value of the declared column type, by the OpenX SerDe's leniency and no more."""

import json
from datetime import date, datetime
from decimal import Context, Decimal, InvalidOperation
from typing import Any

import pyarrow as pa

from local.lake.hive_types import hive_type

_EXACT = Context(prec=77)  # enough for any digit a 38-digit decimal can meet


class Misfit(ValueError):  # noqa: N818 - not an error yet: the reader adds file and column
    """A value that the declared type cannot hold."""

    def __init__(self, value: object, kind: pa.DataType) -> None:
        self.text = value if isinstance(value, str) else json.dumps(value, default=str)
        self.wanted = hive_type(kind)
        super().__init__(f"{self.text} is no {self.wanted}")


def fitted(value: Any, kind: pa.DataType) -> Any:  # noqa: ANN401, PLR0911 - JSON in, Arrow's Python values out
    """Return the value as Arrow takes it for ``kind``.

    Numbers and booleans may be written as text, and anything may be read as a string. Raises Misfit. Numbers
    with a fraction or exponent come as their own text (``json.loads(parse_float=str)``): decimals stay exact.
    """
    if value is None:
        return None
    if pa.types.is_string(kind):
        return value if isinstance(value, str) else _text(value)
    if pa.types.is_binary(kind):
        return (value if isinstance(value, str) else _text(value)).encode()
    if pa.types.is_list(kind) and isinstance(value, list):
        return [fitted(entry, kind.value_type) for entry in value]
    if isinstance(value, dict):
        if pa.types.is_map(kind):
            return [
                (fitted(key, kind.key_type), fitted(entry, kind.item_type)) for key, entry in value.items()
            ]
        if pa.types.is_struct(kind):
            lower = {key.lower(): entry for key, entry in value.items()}
            return {field.name: fitted(lower.get(field.name), field.type) for field in kind}
    if isinstance(value, list | dict):
        raise Misfit(value, kind)
    try:
        return _scalar(value, kind)
    except (ValueError, InvalidOperation, OverflowError) as error:
        raise Misfit(value, kind) from error


def _scalar(value: str | int | bool, kind: pa.DataType) -> object:
    text = _text(value)
    if pa.types.is_boolean(kind):
        if text.lower() not in {"true", "false"}:
            raise ValueError(text)
        return text.lower() == "true"
    if pa.types.is_integer(kind):
        number = int(text)
        if not -(2 ** (kind.bit_width - 1)) <= number < 2 ** (kind.bit_width - 1):
            raise OverflowError(text)
        return number
    if pa.types.is_floating(kind):
        return float(text)
    if pa.types.is_decimal(kind):
        exact = Decimal(text)
        if not exact.is_finite() or exact.adjusted() >= kind.precision - kind.scale:
            raise OverflowError(text)
        scaled = exact.quantize(Decimal(1).scaleb(-kind.scale), context=_EXACT)
        if exact != scaled:
            raise ValueError(text)
        return scaled
    if pa.types.is_date(kind):
        return date.fromisoformat(text)
    if pa.types.is_timestamp(kind):
        return datetime.fromisoformat(text).replace(tzinfo=None)
    raise ValueError(text)


def _text(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value, separators=(",", ":"))
