"""Types that a team pins attributes to, and into how many parts it has a scan cut."""

import pytest

from lakeshot.columns.types import DECIMAL, JSON, PINNABLE, ColumnType, array_of, decimal
from lakeshot.config.deployed import Deployed
from lakeshot.config.export import Export
from lakeshot.config.exports import parse_config
from lakeshot.dynamodb.pinnable import DYNAMODB_TYPES
from lakeshot.errors import ConfigError

SOURCE = {"type": "dynamodb", "table": "Reviews"}
ALLOWED = (
    "allowed: bigint, decimal(p,s), number_text, double, real, string, boolean, binary, date, date_text, "
    "timestamp(6), timestamp_text, json, array<bigint>, array<decimal(p,s)>, array<number_text>, "
    "array<string>, array<binary> with p up to 38 and s up to p; in quotes where it stands inside braces"
)


def export_of(**more: object) -> Export:
    return parse_config({"exports": {"reviews": {"source": SOURCE, **more}}}).exports["reviews"]


def refused(**more: object) -> str:
    with pytest.raises(ConfigError) as caught:
        export_of(**more)
    return str(caught.value)


@pytest.mark.parametrize("pin", DYNAMODB_TYPES, ids=str)
def test_an_attribute_is_pinned_to_a_type_by_its_text(pin: ColumnType) -> None:
    """Attributes are named as the source names them, character by character."""
    assert export_of(types={"Price": str(pin), "a.b é": "json"}).types == {"Price": pin, "a.b é": JSON}


@pytest.mark.parametrize(
    "pin", [*PINNABLE, decimal(1, 0), decimal(38, 38), array_of(decimal(10, 2))], ids=str
)
def test_a_column_of_postgresql_is_pinned_to_any_type(pin: ColumnType) -> None:
    """Also to decimals of any digits."""
    network = {"vpc": "vpc-0a1b2c3d", "subnets": [{"id": "subnet-0a1b2c3d", "zone": "eu-central-1a"}]}
    blog = {"type": "postgres", "host": "db", "database": "blog", "secret": "blog", "network": network}
    source = {"type": "postgres", "connection": "blog", "table": "article"}
    article = {"source": source, "types": {"price": str(pin)}}
    parsed = parse_config({"connections": {"blog": blog}, "exports": {"article": article}})
    assert parsed.exports["article"].types == {"price": pin}


@pytest.mark.parametrize("pin", ["double", "date", "timestamp(6)", "decimal(10,2)"])
def test_what_no_value_in_dynamodb_has_is_refused(pin: str) -> None:
    """Before a run that would end with it."""
    message = refused(types={"Price": pin})
    assert f"types pins 'Price' to {pin}, which no value in DynamoDB has; allowed are bigint, " in message


@pytest.mark.parametrize(
    "given",
    [
        "varchar",
        "decimal(38",
        "decimal(39,0)",
        "decimal(5,6)",
        "array<double>",
        "null",
        "array<json>",
        "array<boolean>",
        None,
        1,
        {"scalar": "json"},
    ],
)
def test_what_is_no_type_is_refused(given: object) -> None:
    """Export, field, what was given and what is allowed; no value has a type that cannot be pinned."""
    assert f"export 'reviews', field 'types.Price': got {given!r}; {ALLOWED}" in refused(
        types={"Price": given}
    )


def test_types_are_a_mapping() -> None:
    """A list of types names no attributes."""
    assert "export 'reviews', field 'types': got ['json']; allowed: a mapping" in refused(types=["json"])


def test_more_types_than_the_record_of_what_is_deployed_holds_are_refused() -> None:
    """Told when the file is read, not by AWS in the middle of a deployment."""
    few = export_of(types={f"attribute_{number:03d}": "json" for number in range(80)})
    assert len(deployed_of(few).model_dump_json()) < 3_500
    message = refused(types={f"attribute_{number:03d}": "json" for number in range(100)})
    assert "export 'reviews': types has 100 entries of 2,300 bytes together; allowed are 2,000" in message


@pytest.mark.parametrize("given", [0, 10_001, 2.5, "8", True])
def test_an_impossible_number_of_segments_is_refused(given: object) -> None:
    """The message says both bounds, and what leaving it out means."""
    assert (
        f"export 'reviews', field 'source.segments': got {given!r}; allowed: a whole number from 1 to "
        "10,000, or nothing, so that the table's size decides"
    ) in refused(source={**SOURCE, "segments": given})


def test_what_is_deployed_carries_types_and_segments() -> None:
    """Steps read them from its JSON, where a type is its text; by default there is neither."""
    deployed = deployed_of(
        export_of(source={**SOURCE, "segments": 10_000}, types={"Price": "decimal(38,18)"})
    )
    assert '"segments":10000}' in deployed.model_dump_json()
    assert '"types":{"Price":"decimal(38,18)"}' in deployed.model_dump_json()
    read = Deployed.model_validate_json(deployed.model_dump_json())
    assert (read.dynamodb.segments, read.types) == (10_000, {"Price": DECIMAL})
    plain = deployed_of(export_of())
    assert (plain.dynamodb.segments, plain.types) == (None, {})


def deployed_of(export: Export) -> Deployed:
    return Deployed.of(
        name="reviews",
        export=export,
        stage="dev",
        database="lakeshot",
        bucket="lakeshot-dev-123456789012-us-east-1",
        job_role_arn="arn:aws:iam::123456789012:role/lakeshot-dev-reviews-job",
    )
