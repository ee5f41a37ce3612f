"""How many bytes an item counts for, by AWS's rules.

https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/CapacityUnitCalculations.html
"""

from collections.abc import Callable, Mapping
from typing import Any

_NESTING_BYTES, _ELEMENT_BYTES = 3, 1


def item_size(item: Mapping[str, Any]) -> int:
    """Return the bytes of an item in DynamoDB's JSON: every attribute's name in UTF-8 and its value."""
    return sum(len(name.encode()) + value_size(value) for name, value in item.items())


def value_size(value: Mapping[str, Any]) -> int:
    """Return the bytes of one ``{"S": "…"}``-like value."""
    ((kind, content),) = value.items()
    return _SIZES[kind](content)


def number_size(text: str) -> int:
    """Return a byte per pair of significant digits (pairs start at the point), one more, one for a minus."""
    digits, _, exponent = text.lower().lstrip("+-").partition("e")
    whole, _, fraction = digits.partition(".")
    point = len(whole) + int(exponent or 0)
    significant = (whole + fraction).rstrip("0")
    leading = len(significant) - len(significant.lstrip("0"))
    if leading == len(significant):
        return 1
    first, last = point - leading, point - len(significant)  # powers of ten just above and at the ends
    pairs = -(-first // 2) - last // 2
    return pairs + 1 + text.startswith("-")


def _base64_size(text: str) -> int:
    return len(text) * 3 // 4 - text.count("=", -2)


def _list_size(values: list[Mapping[str, Any]]) -> int:
    return _NESTING_BYTES + sum(_ELEMENT_BYTES + value_size(value) for value in values)


def _map_size(values: Mapping[str, Mapping[str, Any]]) -> int:
    return _NESTING_BYTES + _ELEMENT_BYTES * len(values) + item_size(values)


_SIZES: dict[str, Callable[[Any], int]] = {
    "S": lambda text: len(text.encode()),
    "N": number_size,
    "B": _base64_size,
    "BOOL": lambda _: 1,
    "NULL": lambda _: 1,
    "SS": lambda values: sum(len(text.encode()) for text in values),
    "NS": lambda values: sum(map(number_size, values)),
    "BS": lambda values: sum(map(_base64_size, values)),
    "L": _list_size,
    "M": _map_size,
}
