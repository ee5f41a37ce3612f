"""One contract test per hook into IAM; each fails when an upgrade moves what the hook holds on to."""

import pytest
from ministack.core import iam_actions, iam_evaluator
from ministack.services import eventbridge

from local.hooks import AccessDeniedError, Credentials, authorize, caller_credentials, role_credentials
from local.hooks.events import enforce_target_permissions
from local.hooks.permissions import (
    check_glue_resources,
    glue_resource,
    know_sessions_by_their_role,
    name_resources_in_denials,
)
from tests.unit.local.hooks.calls import make_role


def test_role_credentials_are_for_the_service_the_role_trusts() -> None:
    """A role's credentials are given to the trusted service only, and identify the role afterwards."""
    arn = make_role("worker", "glue.amazonaws.com")
    credentials = role_credentials(arn, "run", service="glue.amazonaws.com")
    signed = {"authorization": f"AWS4-HMAC-SHA256 Credential={credentials.access_key_id}/20261122/r/s/t"}
    assert caller_credentials(signed) == credentials
    assert credentials.principal_arn == "arn:aws:sts::000000000000:assumed-role/worker/run"
    with pytest.raises(AccessDeniedError, match=r"states\.amazonaws\.com is not authorized"):
        role_credentials(arn, "run", service="states.amazonaws.com")


def test_sessions_of_all_principals_share_what_clients_are_made_from() -> None:
    """Reading a service's model takes tenths of a second in which the whole cloud waits."""
    clients = [
        Credentials(name, "secret", "", name).session("us-east-1").client("sts") for name in ("one", "two")
    ]
    one, two = (client.meta.service_model.operation_model("AssumeRole") for client in clients)
    assert one.documentation is two.documentation


def test_a_principal_is_authorized_by_its_role_s_policies() -> None:
    """What no policy allows is refused, naming principal, action and resource."""
    arn = make_role("reader", "glue.amazonaws.com", "dynamodb:Scan")
    credentials = role_credentials(arn, "run", service="glue.amazonaws.com")
    authorize(credentials, "dynamodb:Scan", "arn:aws:dynamodb:us-east-1:000000000000:table/Reviews")
    with pytest.raises(
        AccessDeniedError,
        match=r"assumed-role/reader/run is not authorized to perform: sqs:SendMessage on resource: arn:q",
    ):
        authorize(credentials, "sqs:SendMessage", "arn:q")


def test_a_target_is_delivered_only_as_its_role_allows(monkeypatch: pytest.MonkeyPatch) -> None:
    """A schedule's input is filled in and delivered under its role, or not at all."""
    delivered: list[str] = []
    monkeypatch.setattr(eventbridge, "_dispatch_to_stepfunctions", lambda _arn, text: delivered.append(text))
    enforce_target_permissions(1.0)
    schedule = {"Arn": "arn:aws:scheduler:us-east-1:000000000000:schedule/default/s"}
    event = {
        "Source": "aws.scheduler",
        "Time": 1_795_303_565.0,
        "Detail": "{}",
        "DetailType": "Scheduled Event",
    }
    target = {
        "Arn": "arn:aws:states:us-east-1:000000000000:stateMachine:m",
        "Input": "<aws.scheduler.scheduled-time>",
    }
    for name, allowed in (("starter", ["states:StartExecution"]), ("idler", [])):
        role = make_role(name, "scheduler.amazonaws.com", *allowed)
        eventbridge._invoke_target(target | {"RoleArn": role}, event, schedule)
    assert delivered == ["2026-11-21T23:26:05Z"]


def test_a_glue_call_is_checked_on_what_it_acts_on() -> None:
    """Table calls are checked on table, database and catalog; crawlers and jobs on themselves.

    Connections are in the catalog, too.
    """
    checked: list[str] = []

    def enforce(*request: object, **_context: object) -> None:
        checked.append(str(request[4]))

    iam_evaluator.enforce = enforce
    check_glue_resources()
    headers = {"x-amz-target": "AWSGlue.CreateTable"}
    body = b'{"DatabaseName": "d", "TableInput": {"Name": "t"}}'
    arn = iam_actions.extract_resource_arn("glue", "POST", "/", headers, body, {}, "r", "1")
    iam_evaluator.enforce("key", "glue:CreateTable", "glue", "r", resource_arn=arn)
    iam_evaluator.enforce(
        "key", "glue:GetConnection", "glue", "r", resource_arn="arn:aws:glue:r:1:connection/n"
    )
    assert checked == [
        "arn:aws:glue:r:1:table/d/t",
        "arn:aws:glue:r:1:database/d",
        "arn:aws:glue:r:1:catalog",
        "arn:aws:glue:r:1:connection/n",
        "arn:aws:glue:r:1:catalog",
    ]
    assert glue_resource("StartCrawler", {"Name": "c"}) == "crawler/c"
    assert glue_resource("BatchStopJobRun", {"JobName": "j"}) == "job/j"
    assert glue_resource("GetConnection", {"Name": "n"}) == "connection/n"
    assert glue_resource("DeleteConnection", {"ConnectionName": "n"}) == "connection/n"
    assert glue_resource("CreateConnection", {"ConnectionInput": {"Name": "n"}}) == "connection/n"
    assert glue_resource("GetPartitions", {"DatabaseName": "d", "TableName": "t"}) == "table/d/t"


def test_a_denial_names_the_resource() -> None:
    """Every service's denial ends in the resource it is about."""
    name_resources_in_denials()
    denied = iam_actions.access_denied_response(
        "glue", "glue:GetJob", "arn:me", "id", resource_arn="arn:job/x"
    )
    assert b"arn:me is not authorized to perform: glue:GetJob on resource: arn:job/x" in denied[2]


def test_a_session_is_known_by_its_role() -> None:
    """A trust policy that names a role by condition holds for every session of it."""
    know_sessions_by_their_role()
    trust = {
        "Statement": [
            {
                "Effect": "Allow",
                "Principal": {"AWS": "arn:aws:iam::000000000000:root"},
                "Action": "sts:AssumeRole",
                "Condition": {"ArnEquals": {"aws:PrincipalArn": "arn:aws:iam::000000000000:role/planner"}},
            }
        ]
    }
    planner = "arn:aws:sts::000000000000:assumed-role/planner/session"
    stranger = "arn:aws:sts::000000000000:assumed-role/stranger/session"
    assert iam_evaluator.evaluate_trust_policy(trust, planner)
    assert not iam_evaluator.evaluate_trust_policy(trust, stranger)
