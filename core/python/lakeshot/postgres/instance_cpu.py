"""How busy an instance of RDS or Aurora is, as CloudWatch has it.

https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/Aurora.AuroraMonitoring.Metrics.html
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from lakeshot.errors import SourceError
from lakeshot.refusals import error_code

PERIOD = timedelta(minutes=1)
IMPATIENT = Config(connect_timeout=5, read_timeout=5, retries={"total_max_attempts": 2})
"""For CloudWatch's client: a figure that comes late is of no use."""
NEWEST_WITHIN = timedelta(minutes=5)
"""Figures come a minute or two late; older ones say nothing of now."""


class MetricsClient(Protocol):
    """The operation of CloudWatch that is used, as boto3 offers it."""

    def get_metric_data(self, **request: object) -> Mapping[str, object]:
        """Figures of some metrics."""


@dataclass(frozen=True)
class InstanceCpu:
    """The CPU of one instance, in percent of all it has, for each minute."""

    client: MetricsClient
    instance: str

    def newest(self, now: datetime) -> float:
        """The last minute that is known; SourceError if none of the last ones is."""
        averages, _ = self._figures(now - NEWEST_WITHIN, now)
        if not averages:
            raise SourceError(
                f"CloudWatch has no CPUUtilization of {self.instance!r} for the last "
                f"{NEWEST_WITHIN // PERIOD} minutes; 'instance' of the connection is a DB instance's "
                "identifier"
            )
        return averages[0]

    def words(self, begin: datetime, end: datetime) -> str:
        """How busy it was meanwhile; SourceError if CloudWatch does not say."""
        averages, peaks = self._figures(begin.replace(second=0, microsecond=0), end)
        if not averages:
            return f"CloudWatch had no CPU figures of {self.instance} for this time yet"
        mean = sum(averages) / len(averages)
        return f"CPU of {self.instance} was {mean:.0f} % on average, {max(peaks):.0f} % at most"

    def _figures(self, begin: datetime, end: datetime) -> tuple[Sequence[float], Sequence[float]]:
        """Averages and maxima of the minutes, the newest first."""
        try:
            answer = self.client.get_metric_data(
                MetricDataQueries=[self._query("average", "Average"), self._query("peak", "Maximum")],
                StartTime=begin,
                EndTime=end,
                ScanBy="TimestampDescending",
            )
        except ClientError as error:
            raise SourceError(f"CloudWatch refused cloudwatch:GetMetricData ({error_code(error)})") from error
        except BotoCoreError as error:
            raise SourceError(
                f"CloudWatch could not be reached ({type(error).__name__}); subnets without NAT need the "
                "endpoint 'monitoring'"
            ) from error
        results = answer["MetricDataResults"]
        by_id = {one["Id"]: one["Values"] for one in results}  # type: ignore[attr-defined]
        return by_id["average"], by_id["peak"]

    def _query(self, id_: str, stat: str) -> Mapping[str, object]:
        metric = {
            "Namespace": "AWS/RDS",
            "MetricName": "CPUUtilization",
            "Dimensions": [{"Name": "DBInstanceIdentifier", "Value": self.instance}],
        }
        return {
            "Id": id_,
            "MetricStat": {"Metric": metric, "Period": int(PERIOD.total_seconds()), "Stat": stat},
        }
