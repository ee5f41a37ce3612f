"""Least privilege: who may do what, in literal words."""

from collections.abc import Callable

import pytest

from tests.stacks.template import TLS_ONLY, Template

STACKS = [
    "common",
    "connection-shop",
    "articles",
    "connection-crm",
    "customers",
    "reviews",
    "order-events",
    "group-nightly",
]
BUCKET = "arn:aws:s3:::lakeshot-dev-123456789012-us-east-1"
RUN_TABLE = "arn:aws:dynamodb:us-east-1:123456789012:table/lakeshot-dev-runs"
ENTERING = {
    "plan",
    "native-export",
    "verify-files",
    "catalog",
    "verify-readable",
    "publish",
    "retain",
    "report",
    "close",
}
"""The steps that get into a run, under its lock."""
ROLES = {f"lakeshot-dev-{name}" for name in (*ENTERING, "view", "database-role", "export")}
"""The roles of all functions and of the state machine, which is called ``export``."""


@pytest.mark.parametrize("stack", STACKS)
def test_only_actions_without_resources_are_allowed_on_everything(
    stack: str, template: Callable[[str], Template]
) -> None:
    """``*`` as a resource stands only where AWS knows no resource for the action."""
    on_everything = {
        action
        for statement in template(stack).statements()
        if "*" in statement["Resource"]
        for action in statement["Action"]
    }
    assert on_everything <= {
        "cloudwatch:GetMetricData",
        "cloudwatch:PutMetricData",
        "ec2:DescribeNetworkInterfaces",
        "ec2:DescribeRouteTables",
        "ec2:DescribeSecurityGroups",
        "ec2:DescribeSubnets",
        "ec2:DescribeVpcAttribute",
        "ec2:DescribeVpcEndpoints",
        "logs:CreateLogDelivery",
        "logs:DeleteLogDelivery",
        "logs:DescribeLogGroups",
        "logs:DescribeResourcePolicies",
        "logs:GetLogDelivery",
        "logs:ListLogDeliveries",
        "logs:PutResourcePolicy",
        "logs:UpdateLogDelivery",
        "xray:GetSamplingRules",
        "xray:GetSamplingTargets",
        "xray:PutTelemetryRecords",
        "xray:PutTraceSegments",
    }


@pytest.mark.parametrize("stack", STACKS)
def test_no_action_is_a_wildcard(stack: str, template: Callable[[str], Template]) -> None:
    """Every allowed action is named."""
    actions = {action for statement in template(stack).statements() for action in statement["Action"]}
    assert bool(actions) == (stack != "connection-shop")
    assert {action for action in actions if "*" in action} == set()


def test_job_reads_one_table_and_writes_one_prefix(reviews: Template) -> None:
    """The job of an export reaches nothing of another export."""
    allowed = reviews.allowed("lakeshot-dev-reviews-job")
    assert allowed["dynamodb:Scan"] == {"arn:aws:dynamodb:us-east-1:123456789012:table/Reviews"}
    assert allowed["dynamodb:DescribeTable"] == {"arn:aws:dynamodb:us-east-1:123456789012:table/Reviews"}
    assert allowed["s3:PutObject"] == {
        f"{BUCKET}/snapshots_reviews/*",
        f"{BUCKET}/runs/reviews/*",
        f"{BUCKET}/dynamodb_exports/reviews/*",
    }
    assert allowed["s3:DeleteObject"] == {f"{BUCKET}/snapshots_reviews/*"}
    for action in ("ConditionCheckItem", "GetItem", "PutItem", "UpdateItem"):
        assert allowed[f"dynamodb:{action}"] == {RUN_TABLE}, action
    assert {action.split(":")[0] for action in allowed} == {"dynamodb", "s3", "logs", "cloudwatch"}


def test_a_table_that_is_only_scanned_cannot_be_exported(events: Template) -> None:
    """The route is settled when the export is deployed, and so is what it takes."""
    allowed = events.allowed("lakeshot-dev-order-events-job")
    assert {action for action in allowed if action.startswith("dynamodb:")} == {
        f"dynamodb:{action}"
        for action in ("ConditionCheckItem", "DescribeTable", "GetItem", "PutItem", "Scan", "UpdateItem")
    }
    assert not any("dynamodb_exports" in resource for resource in allowed["s3:PutObject"])


def test_a_table_that_is_only_exported_cannot_be_scanned(template: Callable[[str], Template]) -> None:
    """It looks at its own table's exports, and at the files below its own prefix."""
    allowed = template("users").allowed("lakeshot-dev-users-job")
    table = "arn:aws:dynamodb:us-east-1:123456789012:table/Users"
    assert "dynamodb:Scan" not in allowed
    for action in ("DescribeContinuousBackups", "DescribeTable", "ExportTableToPointInTime"):
        assert allowed[f"dynamodb:{action}"] == {table}, action
    assert allowed["dynamodb:DescribeExport"] == {f"{table}/export/*"}
    assert allowed["s3:PutObjectAcl"] == {f"{BUCKET}/dynamodb_exports/users/*"}


def test_a_job_of_changes_writes_two_prefixes(template: Callable[[str], Template]) -> None:
    """Of whole snapshots and of changes, both its own; it cannot scan the table."""
    allowed = template("ledger").allowed("lakeshot-dev-ledger-job")
    assert "dynamodb:Scan" not in allowed
    assert allowed["s3:DeleteObject"] == {
        f"{BUCKET}/snapshots_ledger/*",
        f"{BUCKET}/snapshots_ledger__changes/*",
    }
    assert {f"{BUCKET}/snapshots_ledger__changes/*", f"{BUCKET}/dynamodb_exports/ledger/*"} <= allowed[
        "s3:PutObject"
    ]
    (statement,) = [
        s for s in template("ledger").statements("lakeshot-dev-ledger-job") if "s3:ListBucket" in s["Action"]
    ]
    assert "snapshots_ledger__changes/*" in statement["Condition"]["StringLike"]["s3:prefix"]


def test_job_knows_only_its_own_export_in_the_run_table(reviews: Template) -> None:
    """The run table is shared, so the role is confined to its export's partition."""
    (statement,) = [s for s in reviews.statements("lakeshot-dev-reviews-job") if RUN_TABLE in s["Resource"]]
    assert statement["Condition"] == {
        "ForAllValues:StringEquals": {"dynamodb:LeadingKeys": ["export#reviews"]}
    }


def test_job_lists_only_its_own_prefixes(reviews: Template) -> None:
    """Listing the shared bucket is confined by prefix."""
    (statement,) = [
        s for s in reviews.statements("lakeshot-dev-reviews-job") if "s3:ListBucket" in s["Action"]
    ]
    assert statement["Condition"] == {
        "StringLike": {"s3:prefix": ["snapshots_reviews/*", "runs/reviews/*", "dynamodb_exports/reviews/*"]}
    }


def test_a_job_role_is_taken_by_glue_and_the_steps_that_see_the_source_alone(reviews: Template) -> None:
    """Nobody else may read the source under this role; Glue takes no role of another account."""
    role = reviews.text(reviews.only("AWS::IAM::Role", RoleName="lakeshot-dev-reviews-job"))
    glue, plan = role["AssumeRolePolicyDocument"]["Statement"]
    assert glue["Principal"] == {"Service": "glue.amazonaws.com"}
    assert "Condition" not in glue  # Glue is not known to say for which account it acts
    assert plan["Principal"] == {"AWS": "arn:aws:iam::123456789012:root"}
    roles = [f"arn:aws:iam::123456789012:role/lakeshot-dev-{step}" for step in ("plan", "native-export")]
    assert plan["Condition"] == {"ArnEquals": {"aws:PrincipalArn": roles}}


def test_schedule_may_start_this_state_machine_alone(reviews: Template) -> None:
    """And leave what it could not deliver."""
    allowed = reviews.allowed("lakeshot-dev-reviews-schedule")
    assert allowed["states:StartExecution"] == {
        "arn:aws:states:us-east-1:123456789012:stateMachine:lakeshot-dev-export"
    }
    assert set(allowed) == {"states:StartExecution", "sqs:SendMessage"}


def test_crawler_reads_one_prefix_and_writes_one_table(reviews: Template) -> None:
    """A crawler cannot touch another export's table."""
    allowed = reviews.allowed("lakeshot-dev-reviews-crawler")
    assert allowed["s3:GetObject"] == {f"{BUCKET}/snapshots_reviews/*"}
    assert allowed["glue:UpdateTable"] == {
        "arn:aws:glue:us-east-1:123456789012:catalog",
        "arn:aws:glue:us-east-1:123456789012:database/lakeshot",
        "arn:aws:glue:us-east-1:123456789012:table/lakeshot/snapshots_reviews",
    }
    assert [action for action in allowed if "Delete" in action] == []


def test_a_groups_schedule_may_start_this_state_machine_alone(nightly: Template) -> None:
    """Like an export's."""
    allowed = nightly.allowed("lakeshot-dev-group-nightly-schedule")
    assert allowed["states:StartExecution"] == {
        "arn:aws:states:us-east-1:123456789012:stateMachine:lakeshot-dev-export"
    }
    assert set(allowed) == {"states:StartExecution", "sqs:SendMessage"}


def test_state_machine_reaches_only_what_its_states_call(common: Template) -> None:
    """Jobs and crawlers by Lakeshot's prefix, functions one by one, no source and no secret."""
    allowed = common.allowed("lakeshot-dev-export")
    assert allowed["glue:StartJobRun"] == {"arn:aws:glue:us-east-1:123456789012:job/lakeshot-dev-*"}
    assert allowed["glue:StartCrawler"] == {"arn:aws:glue:us-east-1:123456789012:crawler/lakeshot-dev-*"}
    assert len(allowed["lambda:InvokeFunction"]) == 9
    services = {action.split(":")[0] for action in allowed}
    assert services == {"athena", "glue", "kms", "lambda", "logs", "s3", "xray"}


def test_only_the_steps_that_see_the_source_act_as_an_export(common: Template) -> None:
    """Job roles can be assumed by them; no other function has that right."""
    assumers = [statement for statement in common.statements() if "sts:AssumeRole" in statement["Action"]]
    assert [statement["Resource"] for statement in assumers] == [
        ["arn:aws:iam::123456789012:role/lakeshot-dev-*-job*"]
    ] * 2
    for step in ("plan", "native-export"):
        assert "sts:AssumeRole" in common.allowed(f"lakeshot-dev-{step}")


@pytest.mark.parametrize(
    "step",
    [
        "plan",
        "native-export",
        "verify-files",
        "catalog",
        "verify-readable",
        "publish",
        "report",
        "view",
        "database-role",
    ],
)
def test_only_retention_and_close_delete_data(step: str, common: Template) -> None:
    """No other step may remove a data file."""
    assert "s3:DeleteObject" not in common.allowed(f"lakeshot-dev-{step}")


def test_only_close_sends_notices_and_stops_jobs_and_crawls(common: Template) -> None:
    """Other steps have nothing to tell and nothing to stop; the state machine stops a job it waits for."""
    holders = {
        action: {role for role in ROLES if action in common.allowed(role)}
        for action in ("sns:Publish", "glue:BatchStopJobRun", "glue:StopCrawler")
    }
    assert holders == {
        "sns:Publish": {"lakeshot-dev-close"},
        "glue:BatchStopJobRun": {"lakeshot-dev-close", "lakeshot-dev-export"},
        "glue:StopCrawler": {"lakeshot-dev-close"},
    }


def test_plan_may_have_an_ended_run_closed(common: Template) -> None:
    """No other function invokes one."""
    invokers = {role for role in ROLES if "lambda:InvokeFunction" in common.allowed(role)}
    assert invokers == {"lakeshot-dev-plan", "lakeshot-dev-export"}
    (close,) = common.allowed("lakeshot-dev-plan")["lambda:InvokeFunction"]
    assert close.startswith("<FunctionsClose")


@pytest.mark.parametrize("step", sorted(ENTERING))
def test_a_step_may_take_its_runs_lock_again(step: str, common: Template) -> None:
    """A redriven execution begins at any step, which then opens its run: reads, checks and writes it."""
    allowed = common.allowed(f"lakeshot-dev-{step}")
    for action in ("ConditionCheckItem", "GetItem", "PutItem", "UpdateItem"):
        assert allowed[f"dynamodb:{action}"] == {RUN_TABLE}, action


def test_only_what_gives_up_claims_deletes_entries(common: Template) -> None:
    """What retain and close forget leaves a mark; the view's function changes nothing in the run table."""
    deleting = {role for role in ROLES if "dynamodb:DeleteItem" in common.allowed(role)}
    assert deleting == {"lakeshot-dev-plan"}
    view = common.allowed("lakeshot-dev-view")
    assert {action for action in view if action.startswith("dynamodb:")} == {"dynamodb:GetItem"}


def test_a_step_that_reads_a_snapshot_touches_staged_views_only(common: Template) -> None:
    """The real view is moved by publish, and by close when it puts it back."""
    database = "arn:aws:glue:us-east-1:123456789012:table/lakeshot"
    tables = {
        role: {on for on in common.allowed(role).get("glue:UpdateTable", ()) if ":table/" in on}
        for role in ROLES
    }
    assert tables["lakeshot-dev-verify-readable"] == {f"{database}/lakeshot_staged_*"}
    assert tables["lakeshot-dev-catalog"] == {f"{database}/snapshots_*"}
    movers = {role for role, on in tables.items() if f"{database}/*" in on}
    assert movers == {f"lakeshot-dev-{step}" for step in ("publish", "close", "view")}


def test_only_the_stacks_own_function_removes_a_real_view(common: Template) -> None:
    """Runs remove what they staged, and nothing else from the catalog but partitions."""
    tables = {
        role: {on for on in common.allowed(role).get("glue:DeleteTable", ()) if ":table/" in on}
        for role in ROLES
    }
    assert {role for role, on in tables.items() if any(name.endswith("/lakeshot/*") for name in on)} == {
        "lakeshot-dev-view"
    }
    assert {role for role, on in tables.items() if on} == {
        f"lakeshot-dev-{step}" for step in ("verify-readable", "publish", "close", "view")
    }


@pytest.mark.parametrize("stack", STACKS)
def test_queues_take_tls_only_and_are_encrypted(stack: str, template: Callable[[str], Template]) -> None:
    """Undelivered events hold payloads."""
    found = template(stack)
    queues, policies = found.of_type("AWS::SQS::Queue"), found.of_type("AWS::SQS::QueuePolicy")
    assert len(queues) == len(policies)
    assert [queue["Properties"]["SqsManagedSseEnabled"] for queue in queues] == [True] * len(queues)
    for policy in policies:
        denied = [s for s in policy["Properties"]["PolicyDocument"]["Statement"] if s["Effect"] == "Deny"]
        assert [statement["Condition"] for statement in denied] == [TLS_ONLY]


@pytest.mark.parametrize("stack", STACKS)
def test_roles_stay_within_what_iam_allows(stack: str, template: Callable[[str], Template]) -> None:
    """A role's inline policies may have 10,240 characters; none depends on the number of exports."""
    found = template(stack)
    for policy in found.of_type("AWS::IAM::Policy"):
        text = str(found.text(policy["Properties"]["PolicyDocument"])).replace(" ", "")
        assert len(text) < 8_000, policy["Properties"]["PolicyName"]
