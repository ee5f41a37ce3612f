"""What the stacks themselves promise: schedules start runs, updates keep the view, destroying keeps data."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import yaml

from demo.cdk import Cdk
from tests.cloud.pipeline.pipeline import Pipeline, wait_for

pytestmark = pytest.mark.cloud

ITEMS = [{"Id": {"S": "a"}}, {"Id": {"S": "b"}}]
CONFIG = Path(__file__).with_name("exports.yaml")


@pytest.fixture(scope="module")
def published(pipeline: Pipeline) -> str:
    """The export `scheduled` after its schedule has fired once; the snapshot that its view shows."""
    pipeline.make_table("Scheduled", ITEMS)
    scheduler = pipeline.client("scheduler")
    schedule = scheduler.get_schedule(Name="lakeshot-test-scheduled")
    assert schedule["State"] == "DISABLED"
    at = datetime.now(UTC) + timedelta(seconds=2)
    scheduler.update_schedule(
        Name="lakeshot-test-scheduled",
        ScheduleExpression=f"at({at:%Y-%m-%dT%H:%M:%S})",
        State="ENABLED",
        Target=schedule["Target"],
        FlexibleTimeWindow=schedule["FlexibleTimeWindow"],
    )
    executions = pipeline.client("stepfunctions")
    machine = pipeline.arn("x").replace(":execution:", ":stateMachine:").rsplit(":", 1)[0]

    def runs() -> list[str]:
        listed = executions.list_executions(stateMachineArn=machine)["executions"]
        found = [execution["name"] for execution in listed if not execution["name"].startswith("run-")]
        return [str(name) for name in found]

    [run] = wait_for(runs, bool)
    ended = pipeline.end(run)
    assert ended.status == "SUCCEEDED", ended.cause
    record = pipeline.record("scheduled", run)
    assert record.scheduled_time is not None
    assert record.scheduled_time.startswith(f"{at:%Y-%m-%dT%H:%M}")
    assert record.snapshot is not None
    return record.snapshot


def shown(pipeline: Pipeline) -> list[str]:
    rows = pipeline.rows('SELECT DISTINCT snapshot_timestamp AS snapshot FROM "scheduled"')
    return [row["snapshot"] for row in rows]


def test_a_schedule_starts_the_export_with_its_whole_payload(pipeline: Pipeline, published: str) -> None:
    """The role of the schedule may start it, and the run knows for when it was scheduled."""
    assert shown(pipeline) == [published]


def test_an_update_of_the_stack_does_not_move_the_view(
    pipeline: Pipeline, published: str, cdk: Cdk, tmp_path: Path
) -> None:
    """Only runs replace the view."""
    config = yaml.safe_load(CONFIG.read_text())
    config["exports"]["scheduled"]["job"] = {"workers": 3}
    changed = tmp_path / "exports.yaml"
    changed.write_text(yaml.safe_dump(config))
    updated = Cdk(tmp_path, cdk.environment)
    updated.synth(changed)
    updated.deploy()
    assert pipeline.deployed("scheduled").workers == 3
    assert shown(pipeline) == [published]


def test_retention_keeps_as_many_snapshots_as_configured(pipeline: Pipeline, published: str) -> None:
    """One, here: files, partition and entry of the first are gone after the second."""
    run = pipeline.succeed("scheduled")
    second = pipeline.record("scheduled", run).snapshot
    assert second != published
    assert pipeline.partitions("scheduled") == [second]
    assert all(str(second) in key for key in pipeline.objects("scheduled"))


def test_destroying_an_export_removes_its_view_and_keeps_its_data(
    pipeline: Pipeline, published: str, cdk: Cdk
) -> None:
    """The snapshots stay queryable in their table."""
    pipeline.client("cloudformation").delete_stack(StackName="lakeshot-test-scheduled")
    stacks = pipeline.client("cloudformation")
    wait_for(
        lambda: [s["StackName"] for s in stacks.describe_stacks()["Stacks"]],
        lambda n: "lakeshot-test-scheduled" not in n,
    )
    assert pipeline.number('SELECT count(*) FROM "snapshots_scheduled"') == 2
    tables = pipeline.client("glue").get_tables(DatabaseName="lakeshot")["TableList"]
    assert "scheduled" not in [table["Name"] for table in tables]
    prefix = "snapshots_scheduled/"
    bucket = pipeline.deployed("reviews").bucket
    assert pipeline.client("s3").list_objects_v2(Bucket=bucket, Prefix=prefix)["KeyCount"] > 0
