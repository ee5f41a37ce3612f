"""A payload starts exactly what is deployed, or nothing."""

import json
import re
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lakeshot.config.deployed import Deployed, DeployedGroup
from lakeshot.config.exports import MOST_MEMBERS
from lakeshot.config.payload import GroupPayload, Payload, RunOptions, parse_payload
from lakeshot.errors import PayloadError
from lakeshot.names import snapshot_name


def document(deployed: Deployed, **changes: object) -> dict[str, object]:
    return {**deployed.payload().model_dump(mode="json"), **changes}


def single(given: object) -> Payload:
    """A document as the payload of one export."""
    payload = parse_payload(given)
    assert isinstance(payload, Payload)
    return payload


def test_the_deployed_payload_is_self_contained_and_accepted(deployed: Deployed) -> None:
    """What `make payload` prints can be pasted as it is."""
    given = json.loads(deployed.payload().text())
    assert given == {
        "export": "reviews",
        "job": "lakeshot-dev-reviews",
        "crawler": "lakeshot-dev-reviews",
        "source_table": "Reviews",
        "read_percentage": 0.25,
        "destination": "s3://lakeshot-dev-123456789012-us-east-1/snapshots_reviews/",
        "format": "parquet",
    }
    deployed.check(single(given))


def test_overrides_for_one_run_are_accepted(deployed: Deployed) -> None:
    """Rate, workers and timeout may differ from what is deployed."""
    payload = single(document(deployed, read_percentage=0.5, workers=10, timeout_minutes=60))
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
        deployed.check(single(document(deployed, **{field: given})))
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
    with pytest.raises(PayloadError, match=r"the payload cannot be used: got .*; allowed: a JSON object$"):
        parse_payload(given)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({}, "names neither 'export' nor 'group'; print a whole one with: make payload EXPORT=<name>"),
        ({"export": "reviews", "group": "nightly"}, "names both 'export' and 'group'; leave one of them out"),
    ],
)
def test_a_payload_is_of_an_export_or_of_a_group(given: object, said: str) -> None:
    """Which of the two is never guessed."""
    with pytest.raises(PayloadError, match=re.escape(said)):
        parse_payload(given)


def test_a_rollback_names_its_snapshot(deployed: Deployed) -> None:
    """What is shown again is chosen by a person."""
    payload = single(document(deployed, mode="rollback", snapshot="20261121T120000Z"))
    assert (payload.mode, payload.snapshot) == ("rollback", "20261121T120000Z")


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"mode": "rollback"}, "mode 'rollback' needs 'snapshot', the snapshot to show again"),
        ({"snapshot": "20261121T120000Z"}, "snapshot '20261121T120000Z' goes with mode 'rollback'"),
        ({"mode": "undo"}, "field 'mode': got 'undo'; allowed: 'export', 'check' or 'rollback'"),
        ({"allow_older": "maybe"}, "field 'allow_older': got 'maybe'; allowed: true or false"),
        ({"mode": "rollback", "snapshot": "yesterday"}, "field 'snapshot': got 'yesterday'; allowed: a snap"),
        ({"mode": "rollback", "snapshot": "20260231T120000Z"}, "field 'snapshot': got '20260231T120000Z'"),
        ({"mode": "rollback", "snapshot": "2026111T120000Z"}, "field 'snapshot': got '2026111T120000Z'"),
        ({"mode": "rollback", "snapshot": "2026-11-21"}, "field 'snapshot': got '2026-11-21'"),
    ],
)
def test_run_options_that_cannot_be_are_refused(
    deployed: Deployed, changes: dict[str, object], said: str
) -> None:
    """A rollback without its snapshot, or to one that cannot be, does not start."""
    with pytest.raises(PayloadError, match=re.escape(said)):
        parse_payload(document(deployed, **changes))


@given(st.datetimes(min_value=datetime(1000, 1, 1), timezones=st.just(UTC)))  # noqa: DTZ001 - naive by its rule
def test_every_name_of_a_snapshot_is_accepted(moment: datetime) -> None:
    """What the pipeline calls its snapshots, a person may ask for."""
    options = RunOptions(mode="rollback", snapshot=snapshot_name(moment))
    assert options.snapshot == snapshot_name(moment)


@pytest.mark.parametrize("given", ["", "Reviews", "../runs", "re views", 7])
def test_an_impossible_export_name_is_refused(deployed: Deployed, given: object) -> None:
    """The same rule as in exports.yaml, in its words."""
    with pytest.raises(PayloadError) as caught:
        parse_payload(document(deployed, export=given))
    assert str(caught.value) == (
        f"the payload cannot be used: field 'export': got {given!r}; allowed: 1 to 40 lower-case letters "
        "and digits, a letter first, with single hyphens or underscores between"
    )


@pytest.mark.parametrize("given", [0, 1.5, "fast"])
def test_an_impossible_read_percentage_is_refused(deployed: Deployed, given: object) -> None:
    """The same rule as in exports.yaml."""
    with pytest.raises(PayloadError, match=r"allowed: a number from 0\.1 to 1\.0"):
        parse_payload(document(deployed, read_percentage=given))


def test_payload_round_trips_through_json(deployed: Deployed) -> None:
    """What the schedule sends is what the plan step parses."""
    payload = deployed.payload(scheduled_time="2026-11-21T02:00:00Z")
    assert parse_payload(json.loads(payload.text())) == payload


@pytest.fixture
def group(deployed: Deployed) -> tuple[DeployedGroup, tuple[Deployed, ...]]:
    """The group ``nightly`` and its members, one of them read consistently."""
    orders = deployed.model_copy(
        update={"export": "orders", "source_table": "Orders", "consistent_read": True}
    )
    nightly = DeployedGroup(
        group="nightly",
        stage="dev",
        database="lakeshot",
        bucket=deployed.bucket,
        exports=("reviews", "orders"),
    )
    return nightly, (deployed, orders)


def test_a_groups_payload_holds_those_of_its_members(
    group: tuple[DeployedGroup, tuple[Deployed, ...]],
) -> None:
    """The schedule sends everything a run needs; each member is checked against its own export."""
    nightly, members = group
    payload = nightly.payload(members, scheduled_time="2026-11-21T02:00:00Z")
    parsed = parse_payload(json.loads(payload.text()))
    assert parsed == payload
    assert isinstance(parsed, GroupPayload)
    nightly.check(parsed)
    for member, own in zip(members, parsed.members, strict=True):
        member.check(own)
    assert parsed.scheduled_time == "2026-11-21T02:00:00Z"


@pytest.mark.parametrize("order", [(), (0,), (1, 0), (0, 0), (0, 1, 1)])
def test_a_group_runs_with_exactly_its_members(
    group: tuple[DeployedGroup, tuple[Deployed, ...]], order: tuple[int, ...]
) -> None:
    """Half a group, or one of another order, is not the group that is deployed."""
    nightly, members = group
    given = nightly.payload([members[position] for position in order])
    with pytest.raises(PayloadError, match="deployed are reviews, orders") as caught:
        nightly.check(given)
    assert "make payload GROUP=nightly" in str(caught.value)


@pytest.mark.parametrize(
    "option",
    [{"scheduled_time": "x"}, {"allow_older": True}, {"mode": "rollback", "snapshot": "20261121T120000Z"}],
)
def test_a_member_has_no_run_options_of_its_own(
    group: tuple[DeployedGroup, tuple[Deployed, ...]], option: dict[str, object]
) -> None:
    """Members of a group are published as one, so they are told one thing."""
    nightly, members = group
    document = json.loads(nightly.payload(members).text())
    document["members"][1].update(option)
    with pytest.raises(PayloadError, match="the member 'orders' has options of its own") as caught:
        parse_payload(document)
    assert "give them beside 'group'" in str(caught.value)


def test_a_mistake_in_a_member_is_told_with_its_place(
    group: tuple[DeployedGroup, tuple[Deployed, ...]],
) -> None:
    """One of many members is named by its position and field."""
    nightly, members = group
    document = json.loads(nightly.payload(members).text())
    document["members"][1]["worker"] = 3
    with pytest.raises(
        PayloadError, match=r"field 'members\.1\.worker': unknown key; did you mean 'workers'"
    ):
        parse_payload(document)


def test_the_largest_group_starts_within_the_limit_of_a_state(deployed: Deployed) -> None:
    """The longest names of as many members as there may be stay below 32 KiB."""
    longest = deployed.model_copy(
        update={
            "stage": "s" * 12,
            "export": "e" * 40,
            "bucket": "b" * 63,
            "source_table": "t" * 255,
            "max_read_units": 10**9,
            "consistent_read": True,
        }
    )
    largest = DeployedGroup(
        group="g" * 40, stage="s" * 12, database="d" * 63, bucket="b" * 63, exports=("e" * 40,) * MOST_MEMBERS
    )
    payload = largest.payload([longest] * MOST_MEMBERS, scheduled_time="2026-11-21T02:00:00Z")
    assert len(payload.text().encode()) < 32 * 1024
    assert len(largest.model_dump_json()) < 4096, "the limit of an SSM parameter"
