"""Transactions that meet others on the way: nothing comes of it but a moment's wait."""

from typing import Any

import pytest

from lakeshot.errors import VerificationError
from lakeshot.runs.records import RunState
from tests.unit.stage import DAY_2, MEMBERS, Stage


@pytest.fixture(autouse=True)
def _nobody_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("lakeshot.runs.transactions.time.sleep", lambda _: None)


class Crowd:
    """Other requests at work on the stage's items whenever one of its transactions first comes."""

    def __init__(self, stage: Stage) -> None:
        self.conflicts = 0
        self._write = stage.dynamodb.transact_write_items
        self._exception = stage.dynamodb.exceptions.TransactionCanceledException
        self._met: set[str] = set()
        stage.dynamodb.transact_write_items = self.arrive  # type: ignore[method-assign]

    def arrive(self, **given: Any) -> Any:
        if (what := repr(given)) not in self._met:
            self._met.add(what)
            self.conflicts += 1
            told: Any = {"Error": {}, "CancellationReasons": [{"Code": "TransactionConflict"}]}
            raise self._exception(told, "TransactWriteItems")
        return self._write(**given)


def test_a_run_that_meets_others_all_the_way_succeeds(stage: Stage) -> None:
    """Entering, committing, cataloguing, verifying, publishing and reporting write in transactions."""
    crowd = Crowd(stage)
    stage.succeed_together("run-1", 2)
    assert crowd.conflicts >= 10
    assert (stage.shown, stage.published) == ([DAY_2, DAY_2], [DAY_2, DAY_2])
    assert {stage.record("run-1", name).state for name in (*MEMBERS, "nightly")} == {RunState.SUCCEEDED}
    assert stage.lock().holder() is None


def test_a_run_that_is_closed_while_others_are_in_the_way_is_closed_whole(stage: Stage) -> None:
    """Its view is put back, what it wrote is gone, and its record says why."""
    crowd = Crowd(stage)
    plan = stage.begin("run-1", 2)
    stage.make_ready(plan)
    stage.lake.rows_off_by = 1
    with pytest.raises(VerificationError):
        stage.publish(plan)
    before = crowd.conflicts
    stage.close("run-1", cause="boom")
    assert crowd.conflicts > before
    assert (stage.data(), stage.known(), stage.lock().holder()) == ([], [], None)
    record = stage.record("run-1")
    assert (record.state, record.error) == (RunState.FAILED, "boom")
