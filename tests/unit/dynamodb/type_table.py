"""The type table of docs/types.md, written down a second time: slow, plain, and sharing no code."""

import json
import re
from decimal import Decimal

TAGS_IN_JSON = {"B", "BS", "M", "N", "NS", "SS"}


class Digits(str):
    """A JSON number, digit by digit."""

    __slots__ = ()


def scan_response(items, *, spaced=False, ascii_only=False, **envelope):
    """The bytes DynamoDB (compact) or a stand-in (spaced) answers a Scan with."""
    response = {"Count": len(items), "Items": items, "ScannedCount": len(items), **envelope}
    separators = (", ", ": ") if spaced else (",", ":")
    return json.dumps(response, separators=separators, ensure_ascii=ascii_only).encode()


def number_type(texts):
    """Rows 2 to 4."""
    if all(re.fullmatch(r"-?[0-9]+", text) and -(2**63) <= int(text) < 2**63 for text in texts):
        return "bigint"
    for text in texts:
        sign, digits, exponent = Decimal(text).normalize().as_tuple()
        if exponent < -18 or (any(digits) and len(digits) + exponent > 20):
            return "number_text"
    return "decimal(38,18)"


def column_type(values):
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


def rebuilt(text):
    """The DynamoDB value a JSON text stands for."""
    return _wrapped(json.loads(text, parse_int=Digits, parse_float=Digits))


def _wrapped(value):
    if value is None:
        return {"NULL": True}
    if isinstance(value, bool):
        return {"BOOL": value}
    if isinstance(value, Digits):
        return {"N": str(value)}
    if isinstance(value, str):
        return {"S": value}
    if isinstance(value, list):
        return {"L": [_wrapped(element) for element in value]}
    if len(value) == 1 and value.keys() <= TAGS_IN_JSON:
        ((tag, content),) = value.items()
        return {"M": _members(content)} if tag == "M" else {tag: content}
    return {"M": _members(value)}


def _members(members):
    return {key: _wrapped(member) for key, member in members.items()}
