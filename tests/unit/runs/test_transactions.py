"""A transaction that only met another one is tried again; one whose condition does not hold is not."""

from collections.abc import Sequence
from typing import Any, cast

import pytest
from botocore.exceptions import ClientError

from lakeshot.runs.transactions import until_undisturbed, write_together

CONFLICT_OF_ONE = "TransactionConflictException"
NONE, CONFLICT, FAILED = "None", "TransactionConflict", "ConditionalCheckFailed"


class TransactionCanceledException(ClientError):  # noqa: N818  # as boto3 names it
    """What DynamoDB raises, whatever the reason."""


class Exceptions:
    TransactionCanceledException = TransactionCanceledException


class Busy:
    """DynamoDB that cancels transactions for these reasons, one after the other, and then takes them."""

    exceptions = Exceptions

    def __init__(self, *answers: Sequence[str]) -> None:
        self.answers = list(answers)
        self.asked: list[object] = []

    def transact_write_items(self, *, TransactItems: object) -> None:  # noqa: N803
        self.asked.append(TransactItems)
        if self.answers:
            reasons = [{"Code": code} for code in self.answers.pop(0)]
            raise canceled(reasons)


def canceled(reasons: Sequence[object]) -> ClientError:
    told: Any = {"Error": {"Code": "TransactionCanceledException"}, "CancellationReasons": reasons}
    return TransactionCanceledException(told, "TransactWriteItems")


@pytest.fixture(autouse=True)
def waits(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """How long somebody would have waited."""
    waited: list[float] = []
    monkeypatch.setattr("lakeshot.runs.transactions.time.sleep", waited.append)
    return waited


def write(client: Busy) -> None:
    write_together(cast("Any", client), cast("Any", ["entries"]))


def test_what_nobody_is_in_the_way_of_is_written_once(waits: list[float]) -> None:
    """Without waiting."""
    client = Busy()
    write(client)
    assert (client.asked, waits) == ([["entries"]], [])


def test_a_conflict_with_another_request_is_tried_again(waits: list[float]) -> None:
    """It says nothing about the conditions, whichever entries it hit."""
    client = Busy([CONFLICT, NONE], [NONE, CONFLICT], [CONFLICT, CONFLICT])
    write(client)
    assert (client.asked, len(waits)) == ([["entries"]] * 4, 3)


@pytest.mark.parametrize("reasons", [[FAILED], [NONE, FAILED], [CONFLICT, FAILED], [NONE], []])
def test_whatever_else_cancels_a_transaction_is_told_at_once(reasons: list[str], waits: list[float]) -> None:
    """A condition that does not hold is not going to."""
    client = Busy(reasons)
    with pytest.raises(TransactionCanceledException):
        write(client)
    assert (len(client.asked), waits) == (1, [])


def test_a_condition_that_does_not_hold_any_more_after_a_conflict_is_told() -> None:
    """The other request may have been the one that changed it."""
    client = Busy([CONFLICT], [FAILED])
    with pytest.raises(TransactionCanceledException) as caught:
        write(client)
    assert caught.value.response["CancellationReasons"] == [{"Code": FAILED}]


def test_a_conflict_without_end_is_told_within_seconds(waits: list[float]) -> None:
    """The function that asks has a time limit of its own."""
    client = Busy(*[[CONFLICT]] * 100)
    with pytest.raises(TransactionCanceledException):
        write(client)
    assert 4 <= len(client.asked) <= 20
    assert len(waits) == len(client.asked) - 1
    assert sum(waits) < 10


def test_one_write_waits_for_a_transaction_on_its_item(waits: list[float]) -> None:
    """Also there a conflict says nothing about the condition."""
    answers: list[Exception | str] = [ClientError({"Error": {"Code": CONFLICT_OF_ONE}}, "UpdateItem"), "done"]

    def write_one() -> str:
        answer = answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer

    assert until_undisturbed(write_one) == "done"
    assert len(waits) == 1


def test_one_write_whose_condition_does_not_hold_is_told_at_once(waits: list[float]) -> None:
    """It is not going to."""

    def write_one() -> str:
        raise ClientError({"Error": {"Code": "ConditionalCheckFailedException"}}, "UpdateItem")

    with pytest.raises(ClientError, match="ConditionalCheckFailedException"):
        until_undisturbed(write_one)
    assert waits == []
