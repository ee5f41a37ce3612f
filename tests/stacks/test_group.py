"""A group's stack: what must not break."""

import json
from pathlib import Path

from lakeshot.config.deployed import Deployed, DeployedGroup
from lakeshot.config.payload import GroupPayload, parse_payload
from tests.stacks.template import Template


def test_schedule_sends_a_payload_that_fits_what_is_deployed(nightly: Template, assembly: Path) -> None:
    """The whole payload goes with the schedule, and the checks of the group and of each member take it."""
    group = DeployedGroup.model_validate_json(
        nightly.text(nightly.only("AWS::SSM::Parameter", Name="/lakeshot/dev/groups/nightly")["Value"])
    )
    assert group.bucket == "lakeshot-dev-123456789012-us-east-1"
    schedule = nightly.only("AWS::Scheduler::Schedule", Name="lakeshot-dev-group-nightly")
    sent = parse_payload(json.loads(nightly.text(schedule["Target"]["Input"])))
    assert isinstance(sent, GroupPayload)
    assert sent.scheduled_time == "<aws.scheduler.scheduled-time>"
    group.check(sent)
    for payload in sent.members:
        member = Template(assembly / f"lakeshot-dev-{payload.export}.template.json")
        Deployed.model_validate_json(member.text(member.only("AWS::SSM::Parameter")["Value"])).check(payload)


def test_schedule_is_the_groups_own(nightly: Template) -> None:
    """Expression, time zone and state are those of the group in exports.yaml."""
    schedule = nightly.text(nightly.only("AWS::Scheduler::Schedule"))
    assert (
        schedule["ScheduleExpression"],
        schedule["ScheduleExpressionTimezone"],
        schedule["State"],
    ) == ("cron(0 3 * * ? *)", "Europe/Zurich", "ENABLED")
    assert schedule["Target"]["Arn"].endswith(":stateMachine:lakeshot-dev-export")


def test_members_have_no_schedule(assembly: Path) -> None:
    """A member runs with its group, or when a person starts it."""
    for member in ("users", "orders"):
        template = Template(assembly / f"lakeshot-dev-{member}.template.json")
        assert template.of_type("AWS::Scheduler::Schedule") == []


def test_view_belongs_to_the_stack_and_never_moves_back(nightly: Template) -> None:
    """The group's view is made after the record it needs, by the function that makes those of exports."""
    (view,) = nightly.of_type("Custom::LakeshotView")
    assert nightly.text(view["Properties"]) == {
        "ServiceToken": "arn:aws:lambda:us-east-1:123456789012:function:lakeshot-dev-view",
        "Group": "nightly",
    }
    assert any(name.startswith("RecordParameter") for name in view["DependsOn"])


def test_outputs_tell_a_person_where_to_look(nightly: Template) -> None:
    """View, members and console."""
    outputs = {name: nightly.text(output["Value"]) for name, output in nightly.document["Outputs"].items()}
    assert (outputs["View"], outputs["Members"]) == ("lakeshot.nightly", "users, orders")
    assert outputs["StateMachine"].endswith(":stateMachine:lakeshot-dev-export")


def test_a_group_is_deployed_after_its_members(assembly: Path) -> None:
    """Its first scheduled run finds every export it needs."""
    artifacts = json.loads((assembly / "manifest.json").read_text())["artifacts"]
    assert {"lakeshot-dev-users", "lakeshot-dev-orders"} <= set(
        artifacts["lakeshot-dev-group-nightly"]["dependencies"]
    )


def test_stacks_share_names_not_exports(nightly: Template) -> None:
    """No stack imports a value of another, so either can be replaced alone."""
    assert "Fn::ImportValue" not in json.dumps(nightly.document)
