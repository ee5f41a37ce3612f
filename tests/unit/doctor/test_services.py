"""The services that a job needs of AWS answer, or it is told which does not and what would help."""

import socket
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import boto3
import pytest
from botocore.exceptions import ClientError, ConnectTimeoutError

from lakeshot.config.deployed import Deployed
from lakeshot.doctor import services
from lakeshot.doctor.report import Outcome
from tests.unit.conftest import BUCKET, RUN_TABLE
from tests.unit.doctor.conftest import Change, Examined

if TYPE_CHECKING:
    from mypy_boto3_s3.client import S3Client

Examine = Callable[[Deployed], Examined]
Answer = Callable[[str, Exception], None]
DENIED = ClientError({"Error": {"Code": "AccessDenied", "Message": "no"}}, "Operation")
LATE = ConnectTimeoutError(endpoint_url="https://service")


def test_nothing_of_an_examination_is_seen_beside_data(
    articles: Change, examined: Examine, aws_of_shop: "S3Client"
) -> None:
    """Where data files lie, it leaves neither an object nor an upload."""
    assert examined(articles())["files"].outcome is Outcome.PASSED
    assert "Uploads" not in aws_of_shop.list_multipart_uploads(Bucket=BUCKET)
    keys = [found["Key"] for found in aws_of_shop.list_objects_v2(Bucket=BUCKET)["Contents"]]
    assert keys == [
        "runs/articles/doctor/20261121T120000Z-1a2b/deployed.json",
        "runs/articles/doctor/20261121T120000Z-1a2b/report.json",
    ]


@pytest.mark.parametrize(
    ("operation", "action"),
    [
        ("CreateMultipartUpload", "s3:PutObject"),
        ("UploadPart", "s3:PutObject"),
        ("AbortMultipartUpload", "s3:AbortMultipartUpload"),
    ],
)
def test_files_that_may_not_be_written(
    articles: Change, examined: Examine, answer: Answer, operation: str, action: str
) -> None:
    """The action is named, and where."""
    answer(operation, DENIED)
    found = examined(articles())["files"]
    assert found.outcome is Outcome.FAILED
    assert f"may not perform {action} on s3://{BUCKET}/snapshots_articles/doctor-" in found.found


def test_a_run_table_out_of_reach(articles: Change, examined: Examine, answer: Answer) -> None:
    """The endpoint that costs nothing is named, with the route tables it needs."""
    answer("GetItem", LATE)
    found = examined(articles())["run table"]
    assert found.outcome is Outcome.FAILED
    assert found.found.startswith("dynamodb cannot be reached for dynamodb:GetItem (ConnectTimeoutError); ")
    assert "'dynamodb' among 'endpoints' of the connection's network, with its 'route_tables'" in found.found


def test_a_run_table_that_is_missing(articles: Change, examined: Examine, answer: Answer) -> None:
    """The service's own code is told."""
    answer("GetItem", ClientError({"Error": {"Code": "ResourceNotFoundException"}}, "GetItem"))
    found = examined(articles())["run table"].found
    assert found == (
        f"table {RUN_TABLE} does not answer to dynamodb:GetItem: ResourceNotFoundException; "
        "look whether it is there"
    )


def test_how_busy_the_instance_is(articles: Change, examined: Examine) -> None:
    """As a run would look at it."""
    boto3.client("cloudwatch").put_metric_data(
        Namespace="AWS/RDS",
        MetricData=[
            {
                "MetricName": "CPUUtilization",
                "Dimensions": [{"Name": "DBInstanceIdentifier", "Value": "shop-1"}],
                "Timestamp": datetime.now(UTC) - timedelta(minutes=1),
                "Value": 31.0,
            }
        ],
    )
    found = examined(articles(connection={"instance": "shop-1"}))["cpu"]
    assert (found.outcome, found.found) == (Outcome.PASSED, "shop-1 is busy by 31 %, by CloudWatch")


@pytest.mark.parametrize(
    ("source", "lost"),
    [
        ({}, "but cannot tell of it"),
        ({"max_cpu_percent": 60}, "but can neither pause for it ('max_cpu_percent') nor tell of it"),
    ],
)
def test_an_instance_that_nothing_is_known_of(
    articles: Change, examined: Examine, answer: Answer, source: dict[str, object], lost: str
) -> None:
    """Because there is no such instance, or the role may not ask: a warning, as a run does without."""
    deployed = articles(connection={"instance": "shop-1"}, **source)
    nothing = examined(deployed)["cpu"]
    answer("GetMetricData", DENIED)
    denied = examined(deployed)["cpu"]
    assert (nothing.outcome, denied.outcome) == (Outcome.WARNED, Outcome.WARNED)
    assert nothing.found == (
        "CloudWatch has no CPUUtilization of 'shop-1' for the last 5 minutes; 'instance' of the connection "
        f"is a DB instance's identifier. A run works all the same, {lost}"
    )
    assert denied.found == (
        f"CloudWatch refused cloudwatch:GetMetricData (AccessDenied). A run works all the same, {lost}"
    )


@pytest.mark.usefixtures("aws")
def test_a_run_goes_without_its_log() -> None:
    """What a run can do without is a warning, with what is lost; what answers is told with its address."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port = listening.getsockname()[1]
        client = boto3.client("logs", endpoint_url=f"http://127.0.0.1:{port}")
        found = services.observed(client, "logs", "No log")
        assert not found.warns
        assert found.found.endswith("; 127.0.0.1 is 127.0.0.1 (private)")
    lost = services.observed(client, "logs", "No log")
    assert lost.warns
    assert lost.found.startswith(f"nothing listens at 127.0.0.1:{port}; ")
    assert lost.found.endswith(". No log")
