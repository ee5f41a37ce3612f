"""What a page says besides its items is found without parsing them, whatever they hold."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lakeshot.dynamodb.envelope import Envelope, envelope
from lakeshot.errors import SourceError

TRICKY = '"Items":[]],"LastEvaluatedKey":{"id":{"S":"x"}}}]'
VALUES = st.sampled_from([TRICKY, "]", "[", '"Items"', "\\", '\\"', "LastEvaluatedKey"]) | st.text(max_size=5)
ITEMS = st.dictionaries(VALUES | st.just("Items"), st.fixed_dictionaries({"S": VALUES}), max_size=3)


@given(
    st.lists(ITEMS, max_size=3),
    st.none() | st.dictionaries(VALUES, st.fixed_dictionaries({"S": VALUES}), min_size=1, max_size=2),
    st.permutations(["ConsumedCapacity", "Count", "Items", "LastEvaluatedKey", "ScannedCount"]),
    st.sampled_from([None, 1]),
)
def test_the_envelope_is_what_parsing_everything_finds(
    items: list[dict[str, dict[str, str]]],
    key: dict[str, dict[str, str]] | None,
    order: list[str],
    indent: int | None,
) -> None:
    """Names and values that look like the envelope itself never mislead."""
    members = {
        "ConsumedCapacity": {"TableName": "T", "CapacityUnits": 2.5},
        "Count": len(items),
        "Items": items,
        "LastEvaluatedKey": key,
        "ScannedCount": 7,
    }
    body = json.dumps({name: members[name] for name in order if members[name] is not None}, indent=indent)
    assert envelope(body.encode()) == Envelope(
        count=len(items), scanned_count=7, last_evaluated_key=key, consumed_units=2.5
    )


def test_a_binary_key_can_be_handed_back() -> None:
    """boto3 takes binary key values as bytes, not as base64."""
    body = (
        b'{"ConsumedCapacity":{"CapacityUnits":1.0},"Count":0,"Items":[],'
        b'"LastEvaluatedKey":{"id":{"B":"AP8="},"n":{"N":"1"}},"ScannedCount":0}'
    )
    assert envelope(body).last_evaluated_key == {"id": {"B": b"\x00\xff"}, "n": {"N": "1"}}


@pytest.mark.parametrize("body", [b"", b"<html>", b'{"Items":[]', b'{"Count":1,"ScannedCount":1,"Items":[]}'])
def test_what_is_no_page_is_an_error(body: bytes) -> None:
    """Anything but a whole response with its measured capacity is refused."""
    with pytest.raises(SourceError, match="not one with Items, counts and ConsumedCapacity"):
        envelope(body)
