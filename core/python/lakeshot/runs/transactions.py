"""Writing to the run table when others write to the same items: all changes together, or one alone.

That another request is at work on an item this very moment says nothing about the conditions of ours, so it
is tried again.
"""

import random
import time
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, TypeVar

from botocore.exceptions import ClientError

from lakeshot.refusals import error_code

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.client import DynamoDBClient
    from mypy_boto3_dynamodb.type_defs import TransactWriteItemTypeDef

_TRIES = 8
Written = TypeVar("Written")


def write_together(client: "DynamoDBClient", entries: "Sequence[TransactWriteItemTypeDef]") -> None:
    """Write all entries, or raise TransactionCanceledException because a condition of one does not hold."""
    until_undisturbed(lambda: client.transact_write_items(TransactItems=entries))


def until_undisturbed(write: Callable[[], Written]) -> Written:
    """Do one write, again while a transaction is at work on the same item."""
    for attempt in range(_TRIES - 1):
        try:
            return write()
        except ClientError as error:
            if not _only_in_conflict(error):
                raise
        time.sleep(random.uniform(0, 0.05 * 2**attempt))  # noqa: S311  (spreads retries, guards nothing)
    return write()


def _only_in_conflict(error: ClientError) -> bool:
    if error_code(error) == "TransactionConflictException":
        return True
    reasons = error.response.get("CancellationReasons", [])
    codes = {reason.get("Code", "None") for reason in reasons} - {"None"}
    return codes == {"TransactionConflict"}
