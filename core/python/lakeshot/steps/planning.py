"""The plan step: hold the payload against what is deployed, take the lock, settle rate and moment."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from lakeshot.config.deployed import Deployed
from lakeshot.config.payload import Payload, parse_payload
from lakeshot.dynamodb.describe import describe_table
from lakeshot.dynamodb.rate import read_rate
from lakeshot.dynamodb.segments import segment_count
from lakeshot.errors import PayloadError
from lakeshot.names import StageNames
from lakeshot.refusals import error_code, refusals_named
from lakeshot.runs.job_arguments import JobArguments
from lakeshot.runs.liveness import Liveness
from lakeshot.runs.lock import Lock
from lakeshot.runs.plan import Plan, plan_key
from lakeshot.runs.records import RunRecord, RunState, RunTable
from lakeshot.runs.snapshots import Snapshots
from lakeshot.steps.messages import JobStart, PlanInput, Planned
from lakeshot.stored import save

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.client import DynamoDBClient
    from mypy_boto3_s3.client import S3Client
    from mypy_boto3_ssm.client import SSMClient


_NO_SUCH_PARAMETER = ("ParameterNotFound", "ValidationException")
"""SSM says the second of a name that no parameter could have."""


def read_deployed(ssm: "SSMClient", names: StageNames, export: str) -> Deployed:
    """What is deployed under an export's name; PayloadError if nothing is."""
    parameter = names.parameter(export)
    try:
        with refusals_named("ssm:GetParameter", parameter):
            value = ssm.get_parameter(Name=parameter)["Parameter"]["Value"]
    except ClientError as error:
        if error_code(error) not in _NO_SUCH_PARAMETER:
            raise
        raise PayloadError(
            f"no export {export!r} is deployed in stage {names.stage!r} (there is no parameter {parameter}); "
            "see what is with: make status, or deploy it with: make deploy"
        ) from error
    return Deployed.model_validate_json(value)


@dataclass(frozen=True)
class Planner:
    """Plans runs of one stage.

    ``source_client`` gives a DynamoDB client under the role it is called with, so that the source is
    only ever seen with the export's own permissions.
    """

    names: StageNames
    ssm: "SSMClient"
    s3: "S3Client"
    dynamodb: "DynamoDBClient"
    source_client: Callable[[str], "DynamoDBClient"]
    liveness: Liveness

    def plan(self, given: PlanInput, *, now: datetime) -> Planned:
        """Plan one execution; planning it again after a lost answer gives the same plan."""
        payload = parse_payload(given.payload)
        deployed = read_deployed(self.ssm, self.names, payload.export)
        run = given.execution_arn.rsplit(":", 1)[-1]
        self._record(payload, run, given)
        deployed.check(payload)
        lock = Lock(self.dynamodb, table=self.names.run_table, export=payload.export)
        fence = lock.acquire(
            run=run,
            execution_arn=given.execution_arn,
            now=now,
            is_dead=partial(self.liveness.is_dead, job=deployed.names.resource),
        )
        plan = self._plan(payload, deployed, run=run, fence=fence, given=given)
        uri = f"s3://{deployed.bucket}/{plan_key(deployed, run)}"
        save(self.s3, uri, plan)
        self._runs.update(
            payload.export,
            run,
            step="read",
            snapshot=plan.snapshot,
            rate_units_per_second=plan.rate.units_per_second,
            rate_basis=plan.rate.basis,
            segments=plan.segments,
            rows_expected=plan.source.item_count,
            expected_from="DescribeTable's item count, up to 6 hours old",
        )
        return _planned(plan, uri, self.s3.meta.region_name)

    @property
    def _runs(self) -> RunTable:
        return RunTable(self.dynamodb, self.names.run_table)

    def _record(self, payload: Payload, run: str, given: PlanInput) -> None:
        self._runs.start(
            RunRecord(
                run=run,
                export=payload.export,
                execution_arn=given.execution_arn,
                state=RunState.RUNNING,
                step="plan",
                started_at=given.started_at,
                scheduled_time=payload.scheduled_time,
            )
        )

    def _plan(self, payload: Payload, deployed: Deployed, *, run: str, fence: int, given: PlanInput) -> Plan:
        source, throughput = describe_table(self.source_client(deployed.job_role_arn), payload.source_table)
        snapshots = Snapshots(self.dynamodb, table=self.names.run_table, export=payload.export)
        workers = payload.workers or deployed.workers
        return Plan(
            run=run,
            execution_arn=given.execution_arn,
            fence=fence,
            moment=snapshots.claim(run=run, moment=given.started_at),
            started_at=given.started_at,
            route="scan",
            deployed=deployed,
            source=source,
            rate=read_rate(throughput, payload.read_percentage, payload.max_read_units),
            consistent_read=payload.consistent_read,
            segments=segment_count(
                size_bytes=source.size_bytes, workers=workers, worker_type=deployed.worker_type
            ),
            workers=workers,
            timeout_minutes=payload.timeout_minutes or deployed.timeout_minutes,
        )


def _planned(plan: Plan, uri: str, region: str) -> Planned:
    deployed = plan.deployed
    return Planned(
        run=plan.run,
        export=deployed.export,
        plan=uri,
        catalog=deployed.catalog,
        crawler=deployed.names.resource,
        job=JobStart(
            name=deployed.names.resource,
            arguments=JobArguments(run=plan.run, plan=uri, region=region).rendered(),
            workers=plan.workers,
            worker_type=deployed.worker_type,
            timeout_minutes=plan.timeout_minutes,
        ),
        verifiers=tuple(range(plan.verifiers)),
    )
