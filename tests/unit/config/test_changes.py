"""What a team may write of exports of kind ``changes``, and what a payload may ask of them."""

import re

import pytest

from lakeshot.config.deployed import Deployed
from lakeshot.config.export import Export
from lakeshot.config.exports import parse_config
from lakeshot.config.payload import GroupPayload, parse_payload
from lakeshot.errors import ConfigError, PayloadError

SOURCE = {"type": "dynamodb", "table": "Orders"}
CHANGES = {"kind": "changes", "source": SOURCE}


def parsed(**settings: object) -> Export:
    return parse_config({"exports": {"orders": {**CHANGES, **settings}}}).exports["orders"]


def test_changes_are_exported_natively_and_catalogued_directly() -> None:
    """Whatever is the default elsewhere; the whole table comes once a week."""
    export = parsed()
    assert export.effective_catalog == "direct"
    assert export.effective_full_every_days == 7
    assert parsed(full_every_days=30).effective_full_every_days == 30


def test_what_is_deployed_says_so() -> None:
    """For every step, and for the role of the job."""
    deployed = Deployed.of(
        name="orders", export=parsed(), stage="dev", database="lakeshot", bucket="b", job_role_arn="arn"
    )
    assert (deployed.kind, deployed.dynamodb.route, deployed.catalog, deployed.full_every_days) == (
        "changes",
        "native",
        "direct",
        7,
    )


@pytest.mark.parametrize(
    ("settings", "told"),
    [
        ({"source": {**SOURCE, "route": "scan"}}, "kind 'changes' needs DynamoDB's own exports"),
        ({"catalog": "crawler"}, "kind 'changes' goes with catalog 'direct'"),
        ({"kind": "snapshot", "full_every_days": 7}, "full_every_days 7 goes with kind 'changes'"),
        ({"full_every_days": 36}, "got 36; allowed: 35 or less"),
        ({"kind": "copies"}, "got 'copies'; allowed: 'snapshot' or 'changes'"),
    ],
)
def test_settings_that_do_not_go_with_changes_are_refused(settings: dict[str, object], told: str) -> None:
    """With what does."""
    with pytest.raises(ConfigError, match=re.escape(told)):
        parsed(**settings)


def test_changes_are_in_no_group() -> None:
    """A group publishes whole snapshots of one moment."""
    members = {"exports": ["orders", "reviews"]}
    exports = {"orders": CHANGES, "reviews": {"source": SOURCE}}
    with pytest.raises(ConfigError, match=r"export 'orders' is of kind 'changes' and in group 'shop'"):
        parse_config({"exports": exports, "groups": {"shop": members}})


# Payloads.


def document(deployed: Deployed, **changes: object) -> dict[str, object]:
    return {**deployed.payload().model_dump(mode="json"), **changes}


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"mode": "check", "full": True}, "full goes with mode 'export', not 'check'"),
        ({"mode": "check", "moment": "20261121T120000Z"}, "goes with mode 'export', not 'check'"),
        ({"mode": "check", "reuse_export": "run-1"}, "goes with mode 'export', not 'check'"),
        ({"full": True, "reuse_export": "run-1"}, "as it is; leave out full"),
        ({"moment": "20261121T120000Z", "reuse_export": "run-1"}, "as it is; leave out moment"),
        ({"moment": "yesterday"}, "allowed: a snapshot's name as the catalog has it"),
    ],
)
def test_options_that_do_not_go_together_are_refused(
    options: dict[str, object], told: str, deployed: Deployed
) -> None:
    """Rather than one of them being ignored."""
    with pytest.raises(PayloadError, match=re.escape(told)):
        parse_payload(document(deployed, **options))


@pytest.mark.parametrize("option", [{"full": True}, {"reuse_export": "run-1"}])
def test_options_that_groups_do_not_have_are_told_as_such(
    option: dict[str, object], deployed: Deployed
) -> None:
    """Beside the group there is no place for them either."""
    with pytest.raises(PayloadError, match="which groups do not have; leave it out, or run the export by"):
        parse_payload({"group": "shop", "members": [document(deployed, **option)]})


def test_a_group_is_exported_as_of_a_moment_but_never_checked(deployed: Deployed) -> None:
    """The moment is the group's, not a member's."""
    members = [document(deployed)]
    payload = parse_payload({"group": "shop", "members": members, "moment": "20261121T120000Z"})
    assert isinstance(payload, GroupPayload)
    with pytest.raises(PayloadError, match="mode 'check' is for exports of kind 'changes'"):
        parse_payload({"group": "shop", "members": members, "mode": "check"})
    with pytest.raises(PayloadError, match=r"has options of its own \(moment\)"):
        parse_payload({"group": "shop", "members": [document(deployed, moment="20261121T120000Z")]})
