"""What a Scan response says besides its items, found without parsing them.

It is known microseconds after the page arrives, so the next page can be asked for while the
items of this one are decoded.
"""

import json
from base64 import b64decode
from collections.abc import Iterator, Mapping
from typing import Annotated

from pydantic import Field

from lakeshot.dynamodb.attribute_values import AttributeValue
from lakeshot.errors import SourceError
from lakeshot.model import Model

_ITEMS = b'"Items"'


class Envelope(Model):
    """Counts of a page, the key its segment goes on after (None: it ended), and read units."""

    count: int
    scanned_count: int
    last_evaluated_key: Mapping[str, AttributeValue] | None
    consumed_units: Annotated[float, Field(ge=0)]


def envelope(body: bytes) -> Envelope:
    """The envelope of a Scan response; SourceError if the body is not one."""
    for text in _without_items(body):
        try:
            response = json.loads(text)
            return Envelope(
                count=response["Count"],
                scanned_count=response["ScannedCount"],
                last_evaluated_key=_key(response.get("LastEvaluatedKey")),
                consumed_units=response["ConsumedCapacity"]["CapacityUnits"],
            )
        except (ValueError, KeyError, TypeError):
            continue
    raise SourceError(
        f"DynamoDB's answer to Scan is not one with Items, counts and ConsumedCapacity ({len(body)} bytes); "
        "check that the endpoint is DynamoDB"
    )


def _without_items(body: bytes) -> Iterator[bytes]:
    """The body with each candidate for its list of items cut out, the likeliest first.

    The first ``"Items"`` and the last ``]`` are the list's own, unless a key's text holds the like;
    cutting elsewhere than at the list leaves something that is no JSON.
    """
    start = -1
    while (start := body.find(_ITEMS, start + 1)) >= 0:
        head = body[: start + len(_ITEMS)] + b":null"
        end = len(body)
        while (end := body.rfind(b"]", start, end)) >= 0:
            yield head + body[end + 1 :]


def _key(key: Mapping[str, Mapping[str, str]] | None) -> Mapping[str, AttributeValue] | None:
    """The key as boto3 takes it back: binary values as bytes."""
    if key is None:
        return None
    return {
        name: {tag: b64decode(text) if tag == "B" else text for tag, text in value.items()}
        for name, value in key.items()
    }
