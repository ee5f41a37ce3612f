"""The function that holds what Athena counted against the manifest."""

from collections.abc import Callable
from types import SimpleNamespace

import pytest

from lakeshot.errors import VerificationError
from lakeshot.files import FileFormat
from tests.unit.lambdas.conftest import Invoke, uri
from tests.unit.stage import DAY_1, Stage


@pytest.mark.parametrize(("counted", "state"), [(2, "verified"), (3, "committed")])
def test_a_snapshot_is_verified_if_the_query_counted_its_rows(
    counted: int,
    state: str,
    stage: Stage,
    function: Callable[[str], Invoke],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The state machine passes the query's id on, the function fetches its numbers."""
    plan = stage.begin("run-1", 1)
    stage.commit(plan)
    stage.catalogue(plan)
    answers = {"query-7": {"rows": counted, "rows_shown": counted}}
    invoke = function("verify_readable")
    athena = SimpleNamespace(numbers=answers.__getitem__)
    monkeypatch.setattr("lambdas.verify_readable.open_athena", lambda *_: athena)
    event = {"plan": uri(plan), "redrive": 0, "query_execution_id": "query-7"}
    if state == "verified":
        assert invoke(event) is None
    else:
        with pytest.raises(VerificationError):
            invoke(event)
    entry = stage.snapshots().get(DAY_1)
    assert entry is not None
    assert (entry.state, stage.record("run-1").step) == (state, "verify readable")


def test_a_snapshot_that_no_engine_reads_is_verified_without_a_query(
    stage: Stage, function: Callable[[str], Invoke]
) -> None:
    """By its files, which the step before has read back."""
    stage.deploy_as("reviews", FileFormat.BINARY)
    plan = stage.begin("run-1", 1)
    stage.commit(plan, rows=3)
    assert function("verify_readable")({"plan": uri(plan), "redrive": 0, "query_execution_id": None}) is None
    entry = stage.snapshots().get(DAY_1)
    assert entry is not None
    assert (entry.state, entry.generation, entry.rows_in_view) == ("verified", None, 3)
    assert stage.record("run-1").step == "verify readable"
