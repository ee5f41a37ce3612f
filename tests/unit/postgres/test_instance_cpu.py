"""The CPU of an instance is what CloudWatch has of it."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import boto3
import pytest

from lakeshot.errors import SourceError
from lakeshot.postgres.instance_cpu import IMPATIENT, InstanceCpu
from tests.unit.conftest import client_of

NOW = datetime.now(UTC).replace(second=30, microsecond=0)


def published(figures: Sequence[float], instance: str = "shop-1") -> Any:
    """CloudWatch with one figure for each of the last minutes, the newest first."""
    client = client_of("cloudwatch")
    for ago, figure in enumerate(figures):
        client.put_metric_data(
            Namespace="AWS/RDS",
            MetricData=[
                {
                    "MetricName": "CPUUtilization",
                    "Dimensions": [{"Name": "DBInstanceIdentifier", "Value": instance}],
                    "Timestamp": NOW - timedelta(minutes=ago + 1),
                    "Value": figure,
                    "Unit": "Percent",
                }
            ],
        )
    return client


@pytest.mark.usefixtures("aws")
def test_the_newest_minute_counts() -> None:
    """Of this instance, and no other."""
    client = published([31.5, 90.0])
    published([99.0], instance="shop-2")
    assert InstanceCpu(client, "shop-1").newest(NOW) == 31.5


@pytest.mark.usefixtures("aws")
def test_the_cost_is_told_as_mean_and_peak() -> None:
    """Of the minutes of the reading alone."""
    cpu = InstanceCpu(published([20.0, 40.0, 99.0]), "shop-1")
    assert cpu.words(NOW - timedelta(minutes=2), NOW) == "CPU of shop-1 was 30 % on average, 40 % at most"


@pytest.mark.usefixtures("aws")
def test_an_instance_that_nobody_measures_is_named() -> None:
    """Its identifier may be misspelt; after a short run CloudWatch may only be late."""
    cpu = InstanceCpu(client_of("cloudwatch"), "shop-1")
    with pytest.raises(SourceError, match="no CPUUtilization of 'shop-1' for the last 5 minutes"):
        cpu.newest(NOW)
    assert cpu.words(NOW, NOW) == "CloudWatch had no CPU figures of shop-1 for this time yet"


def test_a_network_without_a_way_to_cloudwatch_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """With the endpoint that it lacks."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    client = boto3.client(
        "cloudwatch", region_name="us-east-1", endpoint_url="http://127.0.0.1:9", config=IMPATIENT
    )
    with pytest.raises(SourceError, match="need the endpoint 'monitoring'"):
        InstanceCpu(client, "shop-1").newest(NOW)
