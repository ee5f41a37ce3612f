"""How a step gets into its run: with the fencing number under which the run may change things.

A run that was closed is over, whatever still moves of it. Only a redrive, which counts one up, opens it
again: the lock is taken anew, so its number rises above everything of the earlier try.
"""

from datetime import datetime
from typing import TYPE_CHECKING

from lakeshot.errors import RunClosingError
from lakeshot.runs.keys import run_key
from lakeshot.runs.lock import Holder, Lock
from lakeshot.runs.records import RunRecord, RunState, RunTable
from lakeshot.runs.transactions import write_together

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.client import DynamoDBClient
    from mypy_boto3_dynamodb.type_defs import TransactWriteItemTypeDef

_TRIES = 5


class Entrance:
    """Lets steps into the runs of one export or group; ``partition`` is its partition of the run table."""

    def __init__(self, client: "DynamoDBClient", *, table: str, partition: str) -> None:
        self._client = client
        self._table = table
        self._partition = partition
        self._lock = Lock(client, table=table, partition=partition)
        self._runs = RunTable(client, table, partition=lambda _: partition)

    def enter(self, *, run: str, redrive: int, now: datetime, anew: bool = False) -> int:
        """The fencing number that the run holds; it takes the lock if it has to and may.

        ``redrive`` is how often the execution had been redriven when the step was started. ``anew`` takes
        the run's own lock again, so that whatever got in before can change nothing any more. Raises
        LockLostError if the run is over, LockHeldError if another run is at work, RunClosingError if a
        redrive came while the run was still being closed.
        """
        for _ in range(_TRIES):
            record, holder = self._record(run), self._lock.holder()
            if record is None:
                raise self._lock.lost(run, holder)
            own = holder is not None and holder.run == run
            if redrive > record.redrive and record.state is not RunState.SUCCEEDED:
                self._refuse_while_closing(run, holder)
                opening = self._reopening(run, record.redrive, redrive)
            elif redrive == record.redrive and record.state is RunState.RUNNING:
                if holder is not None and own:
                    if holder.closing:
                        raise self._lock.lost(run, holder)
                    if not anew:
                        return holder.fence
                opening = self._running(run, redrive)
            else:
                raise self._lock.lost(run, holder)
            fence, taking = self._lock.taking(run=run, execution_arn=record.execution_arn, now=now)
            try:
                write_together(self._client, [taking, opening])
            except self._client.exceptions.TransactionCanceledException:
                continue  # somebody was quicker; look again who it was
            return fence
        raise self._lock.lost(run, self._lock.holder())

    def _record(self, run: str) -> RunRecord | None:
        return self._runs.get(self._partition, run)

    def _refuse_while_closing(self, run: str, holder: Holder | None) -> None:
        if holder is not None and holder.run == run and holder.closing:
            raise RunClosingError(
                f"run {run!r} is still being closed after its last end; redrive it again in a minute"
            )

    def _running(self, run: str, redrive: int) -> "TransactWriteItemTypeDef":
        return {
            "ConditionCheck": {
                "TableName": self._table,
                "Key": run_key(self._partition, run),
                "ConditionExpression": "#state = :running AND redrive = :redrive",
                "ExpressionAttributeNames": {"#state": "state"},
                "ExpressionAttributeValues": {
                    ":running": {"S": RunState.RUNNING.value},
                    ":redrive": {"N": str(redrive)},
                },
            }
        }

    def _reopening(self, run: str, last: int, redrive: int) -> "TransactWriteItemTypeDef":
        return {
            "Update": {
                "TableName": self._table,
                "Key": run_key(self._partition, run),
                "UpdateExpression": "SET #state = :running, redrive = :redrive "
                "REMOVE finished_at, expires_at, #error, next_step",
                "ConditionExpression": "#state <> :succeeded AND redrive = :last",
                "ExpressionAttributeNames": {"#state": "state", "#error": "error"},
                "ExpressionAttributeValues": {
                    ":running": {"S": RunState.RUNNING.value},
                    ":succeeded": {"S": RunState.SUCCEEDED.value},
                    ":redrive": {"N": str(redrive)},
                    ":last": {"N": str(last)},
                },
            }
        }
