"""An export's stack: what must not break."""

import json
from collections.abc import Callable

import pytest

from lakeshot.config.deployed import Deployed
from lakeshot.config.payload import Payload, parse_payload
from tests.stacks.template import Template

SETTINGS = ("GlueVersion", "WorkerType", "NumberOfWorkers", "Timeout")


def test_job_is_what_the_config_says(events: Template) -> None:
    """Version, workers, timeout, auto scaling and Spark conf come from exports.yaml."""
    job = events.text(events.only("AWS::Glue::Job", Name="lakeshot-dev-order-events"))
    assert [job[key] for key in SETTINGS] == ["5.1", "G.2X", 10, 90]
    assert job["DefaultArguments"]["--enable-auto-scaling"] == "true"
    assert job["DefaultArguments"]["--conf"] == "spark.task.maxFailures=8 --conf spark.ui.enabled=false"


def test_job_has_no_settings_that_were_not_asked_for(reviews: Template) -> None:
    """Auto scaling and Spark conf are absent, not false or empty: Glue goes by presence."""
    job = reviews.text(reviews.only("AWS::Glue::Job", Name="lakeshot-dev-reviews"))
    assert "--enable-auto-scaling" not in job["DefaultArguments"]
    assert "--conf" not in job["DefaultArguments"]
    assert [job[key] for key in SETTINGS] == ["5.1", "G.1X", 2, 480]


def test_job_installs_only_what_lies_in_s3(reviews: Template) -> None:
    """Wheels keep the suffix by which Glue knows them, and pip is kept from the internet."""
    job = reviews.text(reviews.only("AWS::Glue::Job"))
    arguments = job["DefaultArguments"]
    assert arguments["--additional-python-modules"].startswith(
        "s3://cdk-hnb659fds-assets-123456789012-us-east-1/"
    )
    assert arguments["--additional-python-modules"].endswith(".gluewheels.zip")
    assert arguments["--python-modules-installer-option"] == "--no-index"
    assert arguments["--extra-py-files"].endswith(".zip")
    assert job["Command"]["ScriptLocation"].endswith(".py")
    assert (job["Command"]["Name"], job["Command"]["PythonVersion"]) == ("glueetl", "3")


def test_job_never_starts_again_by_itself(reviews: Template) -> None:
    """Retries are the state machine's, which knows what was committed."""
    job = reviews.only("AWS::Glue::Job")
    assert job["MaxRetries"] == 0
    assert job["ExecutionProperty"] == {"MaxConcurrentRuns": 2}


def test_crawler_adds_new_snapshots_to_one_table_and_changes_nothing(reviews: Template) -> None:
    """Whatever the files look like, they are one table, whose partitions inherit from it."""
    crawler = reviews.text(reviews.only("AWS::Glue::Crawler", Name="lakeshot-dev-reviews"))
    assert json.loads(crawler["Configuration"]) == {
        "Version": 1.0,
        "Grouping": {"TableGroupingPolicy": "CombineCompatibleSchemas", "TableLevelConfiguration": 2},
        "CrawlerOutput": {"Partitions": {"AddOrUpdateBehavior": "InheritFromTable"}},
    }
    assert crawler["RecrawlPolicy"] == {"RecrawlBehavior": "CRAWL_NEW_FOLDERS_ONLY"}
    assert crawler["SchemaChangePolicy"] == {"UpdateBehavior": "LOG", "DeleteBehavior": "LOG"}
    (target,) = crawler["Targets"]["S3Targets"]
    assert target["Path"] == "s3://lakeshot-dev-123456789012-us-east-1/snapshots_reviews/"


def test_a_direct_catalog_has_no_crawler(events: Template) -> None:
    """Only an export that uses a crawler has one; its payload names it all the same."""
    assert events.of_type("AWS::Glue::Crawler") == []
    payload = json.loads(events.text(events.document["Outputs"]["Payload"]["Value"]))
    assert payload["crawler"] == "lakeshot-dev-order-events"


@pytest.mark.parametrize(
    ("stack", "expression", "timezone", "state"),
    [
        ("reviews", "cron(0 2 * * ? *)", "Europe/Zurich", "DISABLED"),
        ("order-events", "rate(1 day)", "Etc/UTC", "ENABLED"),
    ],
)
def test_schedule_runs_only_where_it_is_enabled(
    stack: str, expression: str, timezone: str, state: str, template: Callable[[str], Template]
) -> None:
    """A schedule is off until the config enables it, and what it cannot deliver is kept."""
    found = template(stack)
    schedule = found.text(found.only("AWS::Scheduler::Schedule", Name=f"lakeshot-dev-{stack}"))
    assert schedule["ScheduleExpression"] == expression
    assert schedule["ScheduleExpressionTimezone"] == timezone
    assert schedule["State"] == state
    target = schedule["Target"]
    assert target["Arn"] == "arn:aws:states:us-east-1:123456789012:stateMachine:lakeshot-dev-export"
    assert target["DeadLetterConfig"]["Arn"].startswith("<ScheduleUndelivered")
    assert target["RetryPolicy"] == {"MaximumRetryAttempts": 20, "MaximumEventAgeInSeconds": 3600}


def test_schedule_sends_a_payload_that_fits_what_is_deployed(events: Template) -> None:
    """The whole payload goes with the schedule, and the runtime's own check takes it."""
    deployed = Deployed.model_validate_json(
        events.text(events.only("AWS::SSM::Parameter", Name="/lakeshot/dev/exports/order-events")["Value"])
    )
    sent = events.text(events.only("AWS::Scheduler::Schedule")["Target"]["Input"])
    assert json.loads(sent) == {
        "export": "order-events",
        "job": "lakeshot-dev-order-events",
        "crawler": "lakeshot-dev-order-events",
        "source_table": "Events",
        "read_percentage": 0.25,
        "max_read_units": 500,
        "destination": "s3://lakeshot-dev-123456789012-us-east-1/snapshots_order_events/",
        "format": "parquet",
        "scheduled_time": "<aws.scheduler.scheduled-time>",
    }
    payload = parse_payload(json.loads(sent))
    assert isinstance(payload, Payload)
    deployed.check(payload)


def test_record_says_by_which_attributes_rows_are_partitioned(events: Template, reviews: Template) -> None:
    """As the source names them, in their order; by default there are none."""
    records = [template.only("AWS::SSM::Parameter", Type="String") for template in (events, reviews)]
    deployed = [
        Deployed.model_validate_json(template.text(record["Value"]))
        for template, record in zip((events, reviews), records, strict=True)
    ]
    assert [one.partition_by for one in deployed] == [("Country", "Paid?"), ()]


def test_record_says_what_is_deployed(reviews: Template) -> None:
    """The runtime parses the record with the type that the stack wrote it with, nulls included."""
    value = reviews.text(reviews.only("AWS::SSM::Parameter")["Value"])
    deployed = Deployed.model_validate_json(value)
    assert deployed.bucket == "lakeshot-dev-123456789012-us-east-1"
    assert deployed.job_role_arn.startswith("<JobRole")
    assert deployed.dynamodb.max_read_units is None
    assert deployed.connection is None


def test_view_belongs_to_the_stack_and_never_moves_back(reviews: Template) -> None:
    """The view is made after the record it needs, and has no property that an update would change."""
    (view,) = reviews.of_type("Custom::LakeshotView")
    assert reviews.text(view["Properties"]) == {
        "ServiceToken": "arn:aws:lambda:us-east-1:123456789012:function:lakeshot-dev-view",
        "Export": "reviews",
    }
    assert any(name.startswith("RecordParameter") for name in view["DependsOn"])


def test_outputs_tell_a_person_where_to_look(reviews: Template) -> None:
    """View, table, destination, console and payload."""
    outputs = {name: reviews.text(output["Value"]) for name, output in reviews.document["Outputs"].items()}
    assert outputs["View"] == "lakeshot.reviews"
    assert outputs["Table"] == "lakeshot.snapshots_reviews"
    assert outputs["Destination"] == "s3://lakeshot-dev-123456789012-us-east-1/snapshots_reviews/"
    assert outputs["StateMachine"] == (
        "https://us-east-1.console.aws.amazon.com/states/home?region=us-east-1#/statemachines/view/"
        "arn:aws:states:us-east-1:123456789012:stateMachine:lakeshot-dev-export"
    )
    assert json.loads(outputs["Payload"])["export"] == "reviews"


def test_what_no_engine_reads_has_no_view(pages: Template, reviews: Template) -> None:
    """Nor a crawler; who looks for the view is told why."""
    assert pages.of_type("Custom::LakeshotView") == []
    assert pages.of_type("AWS::Glue::Crawler") == []
    outputs = {name: pages.text(output["Value"]) for name, output in pages.document["Outputs"].items()}
    assert outputs["View"] == "none, because no query engine reads binary files"
    assert outputs["Destination"] == "s3://lakeshot-dev-123456789012-us-east-1/snapshots_pages/"
    assert set(reviews.document["Outputs"]) - set(outputs) == {"Table"}


def test_stacks_share_names_not_exports(reviews: Template, events: Template) -> None:
    """No stack imports a value of another, so either can be replaced alone."""
    assert "Fn::ImportValue" not in json.dumps([reviews.document, events.document])
