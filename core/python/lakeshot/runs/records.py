"""The run record: what one run did, is doing, and why it ended; one item of the run table."""

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from boto3.dynamodb.types import TypeDeserializer, TypeSerializer

from lakeshot.model import Model
from lakeshot.runs.keys import export_key, group_key, run_key
from lakeshot.runs.transactions import until_undisturbed

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.client import DynamoDBClient
    from mypy_boto3_dynamodb.type_defs import AttributeValueTypeDef, TransactWriteItemTypeDef

_TO_ITEM, _FROM_ITEM = TypeSerializer(), TypeDeserializer()
KEPT_FOR = timedelta(days=400)
"""Long enough to compare a run with last year's."""


class RunState(StrEnum):
    """How a run stands; the names are those of Step Functions."""

    RUNNING = "RUNNING"
    SUCCEEDED = "SUCCEEDED"
    FAILED = "FAILED"
    TIMED_OUT = "TIMED_OUT"
    ABORTED = "ABORTED"


OF_DATABASES = frozenset({"query", "aws_s3"})
"""Routes by which rows leave a database that has to be connected to."""


class RunRecord(Model):
    """One run of an export, or of a whole group.

    Times are UTC; units are DynamoDB read units, or MB that a database sent; costs are estimates in US
    dollars. A group's record bears the group's name as ``export`` and lists its ``members``, each of which
    has a record of its own under the same run, with ``group`` set. ``redrive`` counts how often the execution
    had been redriven when the run was last taken up. ``duplicate_of`` is the run of the same scheduled time
    in whose favour this one did nothing. ``route`` is how rows leave the source and ``route_from`` why;
    ``follows`` is the snapshot since which changes are exported, if not every row. ``exported_bytes`` are
    what a native export is charged for, ``expected_seconds`` how long a scan is to take at its rate.
    ``rows_done`` of ``rows_expected`` is the progress, and ``expected_from`` says where the denominator comes
    from. Of a database, ``bytes_read`` are what it sent, ``read_by`` how and by how many it was read,
    ``taken_at`` when its snapshot was taken, ``text_columns`` those of types that nobody has met, and
    ``source_load`` what reading cost it by its own figures. ``rows``, ``files`` and ``bytes_written`` are
    final, from the manifest, and ``rows_shown`` are those of the view. DynamoDB forgets the record some time
    after ``expires_at``, in seconds since 1970.
    """

    run: str
    export: str
    execution_arn: str
    state: RunState
    step: str
    started_at: datetime
    redrive: int = 0
    group: str | None = None
    members: tuple[str, ...] | None = None
    mode: str | None = None
    duplicate_of: str | None = None
    finished_at: datetime | None = None
    snapshot: str | None = None
    scheduled_time: str | None = None
    route: str | None = None
    route_from: str | None = None
    follows: str | None = None
    exported_bytes: int | None = None
    expected_seconds: float | None = None
    rate_units_per_second: float | None = None
    rate_basis: str | None = None
    segments: int | None = None
    rows_done: int = 0
    rows_expected: int | None = None
    expected_from: str | None = None
    progress_at: datetime | None = None
    reading_since: datetime | None = None
    units_consumed: float = 0.0
    bytes_read: int | None = None
    read_by: str | None = None
    taken_at: datetime | None = None
    text_columns: str | None = None
    source_load: str | None = None
    job_run_id: str | None = None
    rows: int | None = None
    rows_shown: int | None = None
    files: int | None = None
    bytes_written: int | None = None
    generation: int | None = None
    schema_fingerprint: str | None = None
    schema_change: str | None = None
    manifest: str | None = None
    estimated_cost_usd: float | None = None
    error: str | None = None
    next_step: str | None = None
    expires_at: int | None = None


def expiry(now: datetime) -> int:
    """When the record of a run that ends now may be forgotten."""
    return int((now + KEPT_FOR).timestamp())


class RunTable:
    """Run records in the run table, one partition per export, or with ``of_groups`` per group."""

    def __init__(
        self, client: "DynamoDBClient", table: str, *, partition: Callable[[str], str] = export_key
    ) -> None:
        self._client = client
        self._table = table
        self._partition = partition

    @classmethod
    def of_groups(cls, client: "DynamoDBClient", table: str) -> "RunTable":
        """The records of runs of whole groups."""
        return cls(client, table, partition=group_key)

    def start(self, record: RunRecord) -> None:
        """Write the record of a run that begins; an existing one is left as it is."""
        fields = record.model_dump(mode="json", exclude_none=True)
        try:
            self._client.put_item(
                TableName=self._table,
                Item={**self._key(record.export, record.run), **_serialized(fields)},
                ConditionExpression="attribute_not_exists(pk)",
            )
        except self._client.exceptions.ConditionalCheckFailedException:
            return

    def update(self, export: str, run: str, **fields: object) -> None:
        """Set fields of a record, named as in RunRecord; a record that does not exist is an error."""
        setting = self._setting(export, run, fields)
        until_undisturbed(lambda: self._client.update_item(**setting))

    def get(self, export: str, run: str) -> RunRecord | None:
        """The record of a run, or None."""
        answer = self._client.get_item(TableName=self._table, Key=self._key(export, run), ConsistentRead=True)
        return _record(answer["Item"]) if "Item" in answer else None

    def of_export(self, export: str) -> list[RunRecord]:
        """All records of an export, the latest first."""
        pages = self._client.get_paginator("query").paginate(
            TableName=self._table,
            KeyConditionExpression="pk = :pk AND begins_with(sk, :run)",
            ExpressionAttributeValues={":pk": {"S": self._partition(export)}, ":run": {"S": "run#"}},
            ConsistentRead=True,
        )
        records: Iterator[RunRecord] = (_record(item) for page in pages for item in page["Items"])
        return sorted(records, key=lambda record: record.started_at, reverse=True)

    def ending(self, export: str, run: str, **fields: object) -> "TransactWriteItemTypeDef":
        """Fields set as one entry of a transaction, for a record whose run is still RUNNING."""
        update = self._setting(export, run, fields)
        update["ConditionExpression"] = "#state = :running"
        update["ExpressionAttributeNames"]["#state"] = "state"
        update["ExpressionAttributeValues"][":running"] = {"S": RunState.RUNNING.value}
        return {"Update": update}  # type: ignore[typeddict-item]

    def closing(self, export: str, run: str, *, redrive: int, **fields: object) -> "TransactWriteItemTypeDef":
        """The same for a run that did not succeed, unless it was redriven more often than ``redrive``."""
        update = self._setting(export, run, {**fields, "redrive": redrive})
        update["ConditionExpression"] = "#state <> :succeeded AND #redrive <= :redrive"
        update["ExpressionAttributeNames"]["#state"] = "state"
        update["ExpressionAttributeValues"][":succeeded"] = {"S": RunState.SUCCEEDED.value}
        return {"Update": update}  # type: ignore[typeddict-item]

    def explaining(
        self, export: str, run: str, error: str, next_step: str, *, redrive: int
    ) -> "TransactWriteItemTypeDef":
        """Why a run ended, as one entry of a transaction, unless it was redriven since."""
        update = self._setting(export, run, {"error": error, "next_step": next_step})
        update["ConditionExpression"] = "#state <> :running AND #redrive <= :redrive"
        update["ExpressionAttributeNames"] |= {"#state": "state", "#redrive": "redrive"}
        update["ExpressionAttributeValues"] |= {
            ":running": {"S": RunState.RUNNING.value},
            ":redrive": {"N": str(redrive)},
        }
        return {"Update": update}  # type: ignore[typeddict-item]

    def _setting(self, export: str, run: str, fields: Mapping[str, object]) -> dict[str, Any]:
        unknown = fields.keys() - RunRecord.model_fields.keys()
        if unknown:
            raise ValueError(f"not fields of a run record: {', '.join(sorted(unknown))}")
        names = sorted(fields)
        return {
            "TableName": self._table,
            "Key": self._key(export, run),
            "UpdateExpression": "SET " + ", ".join(f"#{name} = :{name}" for name in names),
            "ConditionExpression": "attribute_exists(pk)",
            "ExpressionAttributeNames": {f"#{name}": name for name in names},
            "ExpressionAttributeValues": _serialized({f":{name}": fields[name] for name in names}),
        }

    def _key(self, export: str, run: str) -> "Mapping[str, AttributeValueTypeDef]":
        return run_key(self._partition(export), run)


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
