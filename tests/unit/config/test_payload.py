"""A payload starts exactly what is deployed, or nothing."""

import json

import pytest

from lakeshot.config.deployed import Deployed
from lakeshot.config.payload import Payload, parse_payload
from lakeshot.errors import PayloadError


def document(deployed: Deployed, **changes: object) -> dict[str, object]:
    return {**deployed.payload().model_dump(mode="json"), **changes}


def test_the_deployed_payload_is_self_contained_and_accepted(deployed: Deployed) -> None:
    """What `make payload` prints can be pasted as it is."""
    given = json.loads(deployed.payload().model_dump_json())
    assert given == {
        "export": "reviews",
        "job": "lakeshot-dev-reviews",
        "crawler": "lakeshot-dev-reviews",
        "source_table": "Reviews",
        "read_percentage": 0.25,
        "max_read_units": None,
        "consistent_read": False,
        "destination": "s3://lakeshot-dev-123456789012-us-east-1/snapshots_reviews/",
        "format": "parquet",
        "scheduled_time": None,
        "workers": None,
        "timeout_minutes": None,
    }
    deployed.check(parse_payload(given))


def test_overrides_for_one_run_are_accepted(deployed: Deployed) -> None:
    """Rate, workers and timeout may differ from what is deployed."""
    payload = parse_payload(document(deployed, read_percentage=0.5, workers=10, timeout_minutes=60))
    deployed.check(payload)
    assert (payload.read_percentage, payload.workers, payload.timeout_minutes) == (0.5, 10, 60)


@pytest.mark.parametrize(
    ("field", "given"),
    [
        ("job", "lakeshot-dev-payments"),
        ("crawler", "lakeshot-dev-payments"),
        ("destination", "s3://somebody-elses-bucket/snapshots_reviews/"),
        ("source_table", "Payments"),
        ("format", "json"),
    ],
)
def test_a_payload_chooses_neither_job_nor_place(deployed: Deployed, field: str, given: str) -> None:
    """The message shows the field, what was given and what is deployed."""
    with pytest.raises(PayloadError) as caught:
        deployed.check(parse_payload(document(deployed, **{field: given})))
    assert f"field {field!r}: got {given!r}, deployed is " in str(caught.value)
    assert "make payload EXPORT=reviews" in str(caught.value)


def test_a_missing_field_is_named(deployed: Deployed) -> None:
    """Half a payload does not start half a run."""
    given = document(deployed)
    del given["destination"]
    with pytest.raises(PayloadError, match="field 'destination': missing"):
        parse_payload(given)


def test_an_unknown_field_is_named_with_what_is_allowed(deployed: Deployed) -> None:
    """A misspelt override is not silently the default."""
    with pytest.raises(PayloadError, match="field 'worker': unknown key; did you mean 'workers'"):
        parse_payload(document(deployed, worker=10))


@pytest.mark.parametrize("given", [None, [], "reviews", 7])
def test_a_payload_that_is_no_object_is_refused(given: object) -> None:
    """Anything can be pasted into the console."""
    with pytest.raises(
        PayloadError, match=r"the payload cannot be used: the document: .*allowed: a mapping$"
    ):
        parse_payload(given)


@pytest.mark.parametrize("given", ["", "Reviews", "../runs", "re views", 7])
def test_an_impossible_export_name_is_refused(deployed: Deployed, given: object) -> None:
    """The same rule as in exports.yaml, in its words."""
    with pytest.raises(PayloadError) as caught:
        parse_payload(document(deployed, export=given))
    assert str(caught.value) == (
        f"the payload cannot be used: field 'export': got {given!r}; allowed: 1 to 40 lower-case letters, "
        "digits, hyphens and underscores, a letter first"
    )


@pytest.mark.parametrize("given", [0, 1.5, "fast"])
def test_an_impossible_read_percentage_is_refused(deployed: Deployed, given: object) -> None:
    """The same rule as in exports.yaml."""
    with pytest.raises(PayloadError, match=r"allowed: a number from 0\.1 to 1\.0"):
        parse_payload(document(deployed, read_percentage=given))


def test_payload_round_trips_through_json(deployed: Deployed) -> None:
    """What the schedule sends is what the plan step parses."""
    payload = deployed.payload(scheduled_time="2026-11-21T02:00:00Z")
    assert Payload.model_validate_json(payload.model_dump_json()) == payload
