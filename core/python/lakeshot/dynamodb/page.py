"""Decodes the bytes of a Scan response, without a Python loop per item."""

import json
from base64 import b64decode
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from lakeshot.dynamodb.attribute_values import AttributeValue
from lakeshot.dynamodb.brackets import Brackets, find_brackets
from lakeshot.dynamodb.items import ITEM_DEPTH, NO_ITEM, Items, read_items
from lakeshot.dynamodb.spans import Bytes, Positions
from lakeshot.errors import SourceError

_ITEMS = b'"Items":['
_COMMA, _BRACE = b",{"
_LIST_DEPTH = 2


@dataclass(frozen=True, slots=True)
class Page:
    """One Scan response.

    ``count`` and ``scanned_count`` are what DynamoDB says. ``last_evaluated_key`` can be handed
    back to boto3 as it is; ``None`` ends the segment. ``consumed_units`` are read units, if asked for.
    """

    items: Items
    count: int
    scanned_count: int
    last_evaluated_key: Mapping[str, AttributeValue] | None
    consumed_units: float | None


class PageDecoder:
    """Decodes the pages of one table."""

    def decode(self, body: bytes) -> Page:
        """The page; ``SourceError`` if the body is not a whole Scan response."""
        try:
            return _page(body)
        except ValueError as error:
            raise SourceError(
                f"the answer to Scan cannot be decoded, nothing was read of it: {error}"
            ) from error


def _page(body: bytes) -> Page:
    text, brackets = find_brackets(body)
    characters = np.frombuffer(text, np.uint8)
    in_items = _list_of_items(text, brackets)
    start, end = (int(in_items.positions[index]) for index in (0, -1))
    rest = json.loads(text[: start + 1] + text[end:])
    missing = [name for name in ("Items", "Count", "ScannedCount") if name not in rest]
    if missing:
        raise ValueError(f"it holds no {', '.join(missing)}")
    items = read_items(characters, in_items, _items(characters, in_items))
    if rest["Count"] != items.num_rows:
        raise ValueError(f"it says Count {rest['Count']} and holds {items.num_rows} items")
    return Page(
        items=items,
        count=rest["Count"],
        scanned_count=rest["ScannedCount"],
        last_evaluated_key=_key(rest.get("LastEvaluatedKey")),
        consumed_units=(rest.get("ConsumedCapacity") or {}).get("CapacityUnits"),
    )


def _list_of_items(text: bytes, brackets: Brackets) -> Brackets:
    for index in np.flatnonzero(brackets.opens & (brackets.depths == _LIST_DEPTH)):
        if text.startswith(_ITEMS, int(brackets.positions[index]) + 1 - len(_ITEMS)):
            return brackets.within(int(index))
    raise ValueError("it holds no Items")


def _items(characters: Bytes, brackets: Brackets) -> Positions:
    """The numbers of the items' opening brackets in a list; ``ValueError`` if it holds anything else."""
    positions = brackets.positions
    items = np.flatnonzero(brackets.opens & (brackets.depths == ITEM_DEPTH))
    is_comma_due = ~brackets.opens[items - 1]
    starts = positions[items]
    if not (
        (starts == positions[items - 1] + 1 + is_comma_due).all()
        and (characters[starts[is_comma_due] - 1] == _COMMA).all()
        and (characters[starts] == _BRACE).all()
        and positions[-1] == positions[-2] + 1
    ):
        raise ValueError(f"Items: {NO_ITEM}")
    return items


def _key(values: Mapping[str, Mapping[str, str]] | None) -> Mapping[str, AttributeValue] | None:
    if values is None:
        return None
    return {
        attribute: {tag: b64decode(text) if tag == "B" else text for tag, text in value.items()}
        for attribute, value in values.items()
    }
