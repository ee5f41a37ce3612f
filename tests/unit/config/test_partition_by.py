"""Attributes that a team partitions an export by."""

import pytest

from lakeshot.config.deployed import Deployed
from lakeshot.config.export import Export
from lakeshot.config.exports import parse_config
from lakeshot.errors import ConfigError

REVIEWS = {"source": {"type": "dynamodb", "table": "Reviews"}, "catalog": "direct"}


def export_of(**more: object) -> Export:
    return parse_config({"exports": {"reviews": {**REVIEWS, **more}}}).exports["reviews"]


def refused(**more: object) -> str:
    with pytest.raises(ConfigError) as caught:
        export_of(**more)
    return str(caught.value)


def test_what_is_deployed_carries_the_attributes_in_their_order() -> None:
    """As the source names them; by default there are none."""
    export = export_of(partition_by=["Country", "a.b é"])
    deployed = Deployed.of(
        name="reviews", export=export, stage="dev", database="lakeshot", bucket="b", job_role_arn="r"
    )
    read = Deployed.model_validate_json(deployed.model_dump_json())
    assert read.partition_by == ("Country", "a.b é")
    assert export_of().partition_by == ()


@pytest.mark.parametrize("catalog", ["crawler", None])
def test_a_crawler_is_not_left_to_guess_partitions(catalog: str | None) -> None:
    """Whether it was asked for or is the default; the message says what to write."""
    given = {name: value for name, value in REVIEWS.items() if name != "catalog"}
    if catalog:
        given["catalog"] = catalog
    with pytest.raises(ConfigError) as caught:
        parse_config({"exports": {"reviews": {**given, "partition_by": ["Country"]}}})
    assert (
        "export 'reviews': partition_by goes with catalog 'direct' only, not with 'crawler', because a "
        "crawler would guess tables and types from the folders; say 'catalog: direct'"
    ) in str(caught.value)


def test_more_than_three_attributes_are_refused() -> None:
    """The number of folders is the product of their values."""
    message = refused(partition_by=["a", "b", "c", "d"])
    assert (
        "export 'reviews', field 'partition_by': got ['a', 'b', 'c', 'd']; allowed: 3 entries or fewer"
        in message
    )


@pytest.mark.parametrize("given", ["", "x" * 256, 7, None])
def test_what_names_no_attribute_is_refused(given: object) -> None:
    """Empty or longer than a key attribute of DynamoDB, or no text at all."""
    message = refused(partition_by=["a", given])
    assert "export 'reviews', field 'partition_by.1': got" in message
    assert "allowed: an attribute's name of 1 to 255 characters" in message


def test_an_attribute_is_named_once() -> None:
    """Twice it would be two columns of one name."""
    assert "partition_by names 'a' more than once; name it once" in refused(partition_by=["a", "b", "a"])


@pytest.mark.parametrize("pin", ["json", "binary", "array<string>"])
def test_an_attribute_pinned_to_what_names_no_folder_is_refused(pin: str) -> None:
    """Before anything is deployed; a pin of a type that does is welcome."""
    assert (
        f"types pins 'a' to {pin}, which partition_by does not take; allowed are bigint, decimal(p,s), "
        "number_text, string, boolean, date, date_text"
    ) in refused(partition_by=["a"], types={"a": pin})
    assert export_of(partition_by=["a"], types={"a": "string", "b": pin}).partition_by == ("a",)


def test_long_names_and_types_share_the_room_there_is() -> None:
    """Both are part of the record of what is deployed."""
    types = {f"attribute_{number:03d}": "json" for number in range(80)}
    assert "types has 80 entries and partition_by 1, of 2,098 bytes together; allowed are 2,000" in refused(
        types=types, partition_by=["x" * 255]
    )
