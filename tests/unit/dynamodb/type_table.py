"""The type table of docs/types.md, written down a second time: slow, plain, and sharing no code."""

import json
import re
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

Value = dict[str, Any]
"""One of DynamoDB's attribute values, such as ``{"S": "text"}``."""

TAGS_IN_JSON = {"B", "BS", "M", "N", "NS", "SS"}


class Digits(str):
    """A JSON number, digit by digit."""

    __slots__ = ()


def scan_response(
    items: Sequence[Mapping[str, Value]],
    *,
    spaced: bool = False,
    ascii_only: bool = False,
    **envelope: object,
) -> bytes:
    """The bytes DynamoDB (compact) or a stand-in (spaced) answers a Scan with."""
    response = {"Count": len(items), "Items": items, "ScannedCount": len(items), **envelope}
    separators = (", ", ": ") if spaced else (",", ":")
    return json.dumps(response, separators=separators, ensure_ascii=ascii_only).encode()


def number_type(texts: Sequence[str]) -> str:
    """Rows 2 to 4."""
    if all(re.fullmatch(r"-?[0-9]+", text) and -(2**63) <= int(text) < 2**63 for text in texts):
        return "bigint"
    for text in texts:
        whole, _, fraction = f"{Decimal(text).copy_abs():f}".partition(".")
        if len(whole.lstrip("0")) > 20 or len(fraction.rstrip("0")) > 18:
            return "number_text"
    return "decimal(38,18)"


def column_type(values: Sequence[Value]) -> str:
    """The logical type of an attribute, given the values of the items that have it."""
    tags = {tag for value in values for tag in value if tag != "NULL"}
    if not tags:
        return "null"
    if len(tags) > 1 or tags & {"M", "L"}:
        return "json"
    (tag,) = tags
    if tag == "N":
        return number_type([value["N"] for value in values if "N" in value])
    if tag == "NS":
        return f"array<{number_type([text for value in values for text in value.get('NS', [])])}>"
    return {
        "S": "string",
        "BOOL": "boolean",
        "B": "binary",
        "SS": "array<string>",
        "BS": "array<binary>",
    }[tag]


def rebuilt(text: str) -> Value:
    """The DynamoDB value a JSON text stands for."""
    return _wrapped(json.loads(text, parse_int=Digits, parse_float=Digits))


def _wrapped(value: object) -> Value:
    match value:
        case None:
            return {"NULL": True}
        case bool():
            return {"BOOL": value}
        case list():
            return {"L": [_wrapped(element) for element in value]}
        case dict():
            return _tag_or_map(value)
    return {"N": str(value)} if isinstance(value, Digits) else {"S": value}


def _tag_or_map(members: Value) -> Value:
    is_tag = len(members) == 1 and members.keys() <= TAGS_IN_JSON
    if is_tag and "M" not in members:
        return members
    return {"M": {key: _wrapped(member) for key, member in (members["M"] if is_tag else members).items()}}
