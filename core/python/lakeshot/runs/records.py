"""The run record: what one run did, is doing, and why it ended; one item of the run table."""

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from boto3.dynamodb.types import TypeDeserializer, TypeSerializer

from lakeshot.model import Model

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.client import DynamoDBClient

_TO_ITEM, _FROM_ITEM = TypeSerializer(), TypeDeserializer()
AFTER_PUBLISH = ("retain", "report", "done")
"""Steps that a run reaches only with its snapshot published."""
KEPT_FOR = timedelta(days=400)
"""Long enough to compare a run with last year's."""


class RunState(StrEnum):
    """How a run stands; the names are those of Step Functions."""

    RUNNING = "RUNNING"
    SUCCEEDED = "SUCCEEDED"
    FAILED = "FAILED"
    TIMED_OUT = "TIMED_OUT"
    ABORTED = "ABORTED"


class RunRecord(Model):
    """One run. Times are UTC; units are DynamoDB read units; costs are estimates in US dollars.

    ``rows_done`` of ``rows_expected`` is the progress, and ``expected_from`` says where the
    denominator comes from. ``rows``, ``files`` and ``bytes_written`` are final, from the manifest.
    DynamoDB forgets the record some time after ``expires_at``, in seconds since 1970.
    """

    run: str
    export: str
    execution_arn: str
    state: RunState
    step: str
    started_at: datetime
    finished_at: datetime | None = None
    snapshot: str | None = None
    scheduled_time: str | None = None
    rate_units_per_second: float | None = None
    rate_basis: str | None = None
    segments: int | None = None
    rows_done: int = 0
    rows_expected: int | None = None
    expected_from: str | None = None
    progress_at: datetime | None = None
    reading_since: datetime | None = None
    units_consumed: float = 0.0
    job_run_id: str | None = None
    rows: int | None = None
    files: int | None = None
    bytes_written: int | None = None
    schema_fingerprint: str | None = None
    manifest: str | None = None
    estimated_cost_usd: float | None = None
    error: str | None = None
    next_step: str | None = None
    expires_at: int | None = None


def expiry(now: datetime) -> int:
    """When the record of a run that ends now may be forgotten."""
    return int((now + KEPT_FOR).timestamp())


class RunTable:
    """Run records in the run table, one partition per export."""

    def __init__(self, client: "DynamoDBClient", table: str) -> None:
        self._client = client
        self._table = table

    def start(self, record: RunRecord) -> None:
        """Write the record of a run that begins; an existing one is left as it is."""
        fields = record.model_dump(mode="json", exclude_none=True)
        try:
            self._client.put_item(
                TableName=self._table,
                Item={**_key(record.export, record.run), **_serialized(fields)},
                ConditionExpression="attribute_not_exists(pk)",
            )
        except self._client.exceptions.ConditionalCheckFailedException:
            return

    def update(self, export: str, run: str, **fields: object) -> None:
        """Set fields of a record, named as in RunRecord; a record that does not exist is an error."""
        unknown = fields.keys() - RunRecord.model_fields.keys()
        if unknown:
            raise ValueError(f"not fields of a run record: {', '.join(sorted(unknown))}")
        names = sorted(fields)
        self._client.update_item(
            TableName=self._table,
            Key=_key(export, run),
            UpdateExpression="SET " + ", ".join(f"#{name} = :{name}" for name in names),
            ConditionExpression="attribute_exists(pk)",
            ExpressionAttributeNames={f"#{name}": name for name in names},
            ExpressionAttributeValues=_serialized({f":{name}": fields[name] for name in names}),
        )

    def get(self, export: str, run: str) -> RunRecord | None:
        """The record of a run, or None."""
        answer = self._client.get_item(TableName=self._table, Key=_key(export, run), ConsistentRead=True)
        return _record(answer["Item"]) if "Item" in answer else None

    def of_export(self, export: str) -> list[RunRecord]:
        """All records of an export, the latest first."""
        pages = self._client.get_paginator("query").paginate(
            TableName=self._table,
            KeyConditionExpression="pk = :pk AND begins_with(sk, :run)",
            ExpressionAttributeValues={":pk": {"S": f"export#{export}"}, ":run": {"S": "run#"}},
            ConsistentRead=True,
        )
        records: Iterator[RunRecord] = (_record(item) for page in pages for item in page["Items"])
        return sorted(records, key=lambda record: record.started_at, reverse=True)


def _key(export: str, run: str) -> dict[str, dict[str, str]]:
    return {"pk": {"S": f"export#{export}"}, "sk": {"S": f"run#{run}"}}


def _serialized(fields: Mapping[str, object]) -> dict[str, Any]:
    return {name: _TO_ITEM.serialize(_plain(value)) for name, value in fields.items()}


def _plain(value: object) -> object:
    """A value that DynamoDB's serializer takes: floats as decimals, times as ISO text."""
    if isinstance(value, float):
        return Decimal(repr(value))
    if isinstance(value, datetime):
        return value.isoformat()
    return value


def _record(item: Mapping[str, Any]) -> RunRecord:
    fields = {name: _FROM_ITEM.deserialize(value) for name, value in item.items() if name not in ("pk", "sk")}
    return RunRecord.model_validate(fields)
