"""Transactions on the run table: all changes together, or none."""

import random
import time
from collections.abc import Sequence
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.client import DynamoDBClient
    from mypy_boto3_dynamodb.type_defs import TransactWriteItemTypeDef

_TRIES = 8


def write_together(client: "DynamoDBClient", entries: "Sequence[TransactWriteItemTypeDef]") -> None:
    """Write all entries, or raise TransactionCanceledException because a condition of one does not hold.

    That another request is at work on the same items this very moment says nothing about the conditions,
    so it is tried again.
    """
    for attempt in range(_TRIES):
        try:
            client.transact_write_items(TransactItems=entries)
        except client.exceptions.TransactionCanceledException as error:
            if attempt + 1 == _TRIES or not _only_in_conflict(error):
                raise
            time.sleep(random.uniform(0, 0.05 * 2**attempt))  # noqa: S311  (spreads retries, guards nothing)
        else:
            return


def _only_in_conflict(error: ClientError) -> bool:
    reasons = error.response.get("CancellationReasons", [])
    codes = {reason.get("Code", "None") for reason in reasons} - {"None"}
    return codes == {"TransactionConflict"}
