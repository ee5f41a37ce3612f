"""What the stacks themselves promise: schedules start runs, updates keep the view, destroying keeps data."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import yaml

from demo.cdk import Cdk
from tests.cloud.local.account import wait_for
from tests.cloud.pipeline.aurora import CLUSTER, IDLE
from tests.cloud.pipeline.pipeline import BUCKET, DATABASE, Pipeline

pytestmark = pytest.mark.cloud

ITEMS = [{"Id": {"S": "a"}}, {"Id": {"S": "b"}}]


def shown(pipeline: Pipeline, view: str) -> list[str]:
    """The snapshots whose rows a view shows."""
    rows = pipeline.rows(f'SELECT DISTINCT snapshot_timestamp AS snapshot FROM "{view}"')
    return [row["snapshot"] for row in rows]


def test_a_schedule_starts_the_export_with_its_whole_payload(pipeline: Pipeline) -> None:
    """Its role may start it, and the run knows for when it was scheduled."""
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
    [run] = wait_for(lambda: scheduled_runs(pipeline), bool)
    assert pipeline.end(run).status == "SUCCEEDED"
    record = pipeline.record("scheduled", run)
    assert datetime.fromisoformat(str(record.scheduled_time)) >= at.replace(microsecond=0)
    assert shown(pipeline, "scheduled") == [record.snapshot]


def scheduled_runs(pipeline: Pipeline) -> list[str]:
    """Runs that no test named."""
    machine = pipeline.arn("x").replace(":execution:", ":stateMachine:").rsplit(":", 1)[0]
    listed = pipeline.client("stepfunctions").list_executions(stateMachineArn=machine)["executions"]
    return [execution["name"] for execution in listed if not execution["name"].startswith("run-")]


def test_an_update_of_the_stack_does_not_move_the_view(
    pipeline: Pipeline, cdk: Cdk, config: Path, tmp_path: Path
) -> None:
    """Only runs replace the view."""
    pipeline.make_table("Updated", ITEMS)
    published = pipeline.record("updated", pipeline.succeed("updated")).snapshot
    document = yaml.safe_load(config.read_text())
    document["exports"]["updated"]["job"] = {"workers": 3}
    changed = tmp_path / "exports.yaml"
    changed.write_text(yaml.safe_dump(document))
    updated = Cdk(tmp_path, cdk.environment)
    updated.synth(changed)
    updated.deploy()
    assert pipeline.deployed("updated").workers == 3
    assert shown(pipeline, "updated") == [published]


def test_retention_keeps_as_many_snapshots_as_configured(pipeline: Pipeline) -> None:
    """One, here: files, partition and entry of the first are gone after the second."""
    pipeline.make_table("Retained", ITEMS)
    pipeline.succeed("retained")
    second = pipeline.record("retained", pipeline.succeed("retained")).snapshot
    assert pipeline.partitions("retained") == [second]
    assert all(str(second) in key for key in pipeline.objects("retained"))
    assert shown(pipeline, "retained") == [second]


def test_a_cluster_holds_its_role_as_long_as_the_connections_stack(pipeline: Pipeline) -> None:
    """It is taken off before it is deleted, and no other cluster's is touched."""

    def held(cluster: str) -> list[tuple[str, str]]:
        [found] = pipeline.client("rds").describe_db_clusters(DBClusterIdentifier=cluster)["DBClusters"]
        return [(one["RoleArn"].rpartition("/")[2], one["Status"]) for one in found["AssociatedRoles"]]

    ledgers = [("lakeshot-test-connection-ledger-s3", "ACTIVE")]
    assert held(IDLE) == [("lakeshot-test-connection-idle-s3", "ACTIVE")]
    assert held(CLUSTER) == ledgers
    stacks, name = pipeline.client("cloudformation"), "lakeshot-test-connection-idle"
    stacks.delete_stack(StackName=name)
    stacks.get_waiter("stack_delete_complete").wait(StackName=name, WaiterConfig={"Delay": 1})
    assert held(IDLE) == []
    assert held(CLUSTER) == ledgers
    roles = pipeline.client("iam").get_paginator("list_roles").paginate().search("Roles[].RoleName")
    assert "lakeshot-test-connection-idle-s3" not in list(roles)


def test_destroying_an_export_removes_its_view_and_keeps_its_data(pipeline: Pipeline) -> None:
    """The snapshots stay queryable in their table."""
    pipeline.make_table("Destroyed", ITEMS)
    pipeline.succeed("destroyed")
    stacks = pipeline.client("cloudformation")
    stacks.delete_stack(StackName="lakeshot-test-destroyed")
    stacks.get_waiter("stack_delete_complete").wait(
        StackName="lakeshot-test-destroyed", WaiterConfig={"Delay": 1}
    )
    assert pipeline.number('SELECT count(*) FROM "snapshots_destroyed"') == 2
    tables = pipeline.client("glue").get_tables(DatabaseName=DATABASE)["TableList"]
    assert "destroyed" not in [table["Name"] for table in tables]
    assert pipeline.client("s3").list_objects_v2(Bucket=BUCKET, Prefix="snapshots_destroyed/")["KeyCount"] > 0
