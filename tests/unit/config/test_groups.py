"""Exports that run and are published together, and what is told of groups that cannot be."""

import pytest

from lakeshot.config.exports import MOST_MEMBERS, parse_config
from lakeshot.errors import ConfigError

REVIEWS = {"source": {"type": "dynamodb", "table": "Reviews"}}
DAILY = {"expression": "rate(1 day)"}
EXPORTS = {"reviews": REVIEWS, "orders": REVIEWS, "users": REVIEWS}


def refused(groups: object, exports: object = EXPORTS, **more: object) -> str:
    with pytest.raises(ConfigError) as caught:
        parse_config({"exports": exports, "groups": groups, **more})
    return str(caught.value)


def test_a_group_names_exports_in_order_and_has_the_schedule() -> None:
    """What runs together is scheduled together, enabled like any schedule: on purpose only."""
    config = parse_config(
        {"exports": EXPORTS, "groups": {"nightly": {"exports": ["users", "reviews"], "schedule": DAILY}}}
    )
    nightly = config.groups["nightly"]
    assert nightly.exports == ("users", "reviews")
    assert nightly.schedule is not None
    assert nightly.schedule.enabled is False


def test_without_groups_there_are_none() -> None:
    """Groups are for those who need them."""
    assert parse_config({"exports": EXPORTS}).groups == {}


@pytest.mark.parametrize(
    ("groups", "said"),
    [
        (["nightly"], "field 'groups': got ['nightly']; allowed: a mapping"),
        (
            {"nightly": ["reviews", "orders"]},
            "group 'nightly': got ['reviews', 'orders']; allowed: a mapping",
        ),
        ({"nightly": {}}, "group 'nightly', field 'exports': missing"),
        ({"nightly": {"exports": "reviews"}}, "field 'exports': got 'reviews'; allowed: a list"),
        ({"nightly": {"exports": ["reviews"]}}, "got ['reviews']; allowed: 2 or more entries"),
        (
            {"nightly": {"exports": ["reviews", "Orders"]}},
            "field 'exports.1': got 'Orders'; allowed: 1 to 40",
        ),
        (
            {"nightly": {"exports": ["reviews", "orders"], "schedul": DAILY}},
            "group 'nightly', field 'schedul': unknown key; did you mean 'schedule'?",
        ),
        (
            {"nightly": {"exports": ["reviews", "orders"], "schedule": {"expression": "daily"}}},
            "group 'nightly', field 'schedule.expression': got 'daily'; allowed: cron(",
        ),
        ({"Nightly": {"exports": ["reviews", "orders"]}}, "group 'Nightly': got 'Nightly'; allowed: 1 to 40"),
    ],
)
def test_a_mistake_names_the_group_and_the_field(groups: object, said: str) -> None:
    """Groups are answered in the words of the file, as exports are."""
    assert said in refused(groups)


def test_a_group_may_not_grow_beyond_what_one_run_can_hold() -> None:
    """As many members as allowed are taken, one more is refused with the limit."""
    exports = {f"export{number}": REVIEWS for number in range(MOST_MEMBERS + 1)}
    most = list(exports)[:MOST_MEMBERS]
    config = parse_config({"exports": exports, "groups": {"nightly": {"exports": most}}})
    assert len(config.groups["nightly"].exports) == MOST_MEMBERS
    assert "allowed: 25 entries or fewer" in refused({"nightly": {"exports": list(exports)}}, exports)


def test_a_member_has_to_be_an_export() -> None:
    """A misspelt member is told with what was probably meant."""
    assert (
        "group 'nightly' names the export 'review', which is not below 'exports'; did you mean 'reviews'? "
        "exports are: reviews, orders, users"
    ) in refused({"nightly": {"exports": ["orders", "review"]}})


@pytest.mark.parametrize(
    ("groups", "said"),
    [
        (
            {"nightly": {"exports": ["reviews", "orders"]}, "weekly": {"exports": ["users", "orders"]}},
            "export 'orders' is named by group 'nightly' and again by 'weekly'",
        ),
        (
            {"nightly": {"exports": ["orders", "orders"]}},
            "export 'orders' is named by group 'nightly' and again by 'nightly'",
        ),
    ],
)
def test_an_export_is_in_one_group_once(groups: object, said: str) -> None:
    """Two groups would move one view to two moments."""
    assert said in refused(groups)


def test_a_member_has_no_schedule_of_its_own() -> None:
    """Run alone, it would leave the group's common moment."""
    exports = {**EXPORTS, "orders": {**REVIEWS, "schedule": DAILY}}
    assert "export 'orders' has a schedule of its own and is in group 'nightly', which runs it" in refused(
        {"nightly": {"exports": ["reviews", "orders"]}}, exports
    )


def test_members_are_in_one_region() -> None:
    """One state machine and one run table publish them."""
    exports = {**EXPORTS, "orders": {**REVIEWS, "region": "us-east-1"}}
    assert "group 'nightly' has exports in different regions (eu-west-1, us-east-1)" in refused(
        {"nightly": {"exports": ["reviews", "orders"]}}, exports, region="eu-west-1"
    )


def test_a_group_is_deployed_where_its_members_are() -> None:
    """An export's own region is its group's too."""
    away = {**REVIEWS, "region": "us-east-1"}
    config = parse_config(
        {
            "region": "eu-west-1",
            "exports": {"reviews": REVIEWS, "orders": away, "users": away},
            "groups": {"nightly": {"exports": ["orders", "users"]}},
        }
    )
    assert config.region_of("nightly") == "us-east-1"


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("reviews", "export 'reviews' and group 'reviews' would both be 'reviews' in the catalog"),
        ("common", "group 'common' has to be renamed"),
        ("snapshots_all", "group 'snapshots_all' has to be renamed"),
    ],
)
def test_a_group_has_a_name_of_its_own(name: str, said: str) -> None:
    """Its view lies in the same database as those of the exports, its stack beside theirs."""
    assert said in refused({name: {"exports": ["reviews", "orders"]}})


def test_an_export_may_not_take_the_stack_of_a_group() -> None:
    """One of two stacks of one name would silently replace the other."""
    exports = {**EXPORTS, "group-nightly": REVIEWS}
    assert (
        "export 'group-nightly' and group 'nightly' would both be 'lakeshot-dev-group-nightly' as a stack"
    ) in refused({"nightly": {"exports": ["reviews", "orders"]}}, exports)


def test_groups_whose_views_would_have_one_name_are_refused() -> None:
    """Hyphens and underscores are one name in the catalog."""
    exports = {f"export{number}": REVIEWS for number in range(4)}
    groups = {
        "every-night": {"exports": ["export0", "export1"]},
        "every_night": {"exports": ["export2", "export3"]},
    }
    assert "group 'every-night' and group 'every_night' would both be 'every_night'" in refused(
        groups, exports
    )
