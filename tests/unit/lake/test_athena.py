"""Queries that fail: tried again when Athena says that this may help, else told with its reason."""

from types import SimpleNamespace
from typing import Any, cast

import awswrangler as wr
import pytest

from lakeshot.errors import CatalogError
from lakeshot.lake.athena import Athena


class Failing:
    """An Athena that fails so many queries, each with its opinion on trying again."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, *may_be_retried: bool | None) -> None:
        self.failures = list(may_be_retried)
        self.started = 0
        monkeypatch.setattr(wr.athena, "start_query_execution", self.start)
        monkeypatch.setattr(wr.athena, "wait_query", self.wait)
        self.athena = Athena(session=cast("Any", self), workgroup="w", database="d")

    def start(self, *_: object, **__: object) -> str:
        self.started += 1
        return f"query-{self.started}"

    def wait(self, **_: object) -> None:
        if self.failures:
            raise wr.exceptions.QueryFailed("S3 was busy")

    def client(self, service: str) -> "Failing":
        assert service == "athena"
        return self

    def get_query_execution(self, **_: object) -> dict[str, Any]:
        retryable = self.failures.pop(0)
        error = {} if retryable is None else {"AthenaError": {"Retryable": retryable}}
        return {"QueryExecution": {"Status": {"State": "FAILED", **error}}}


def test_what_athena_calls_worth_retrying_is_tried_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """The result is that of the last try."""
    failing = Failing(monkeypatch, True, True)
    assert failing.athena.run("SELECT 1") == "query-3"


@pytest.mark.parametrize("opinion", [False, None])
def test_any_other_failure_is_told_at_once(opinion: bool | None, monkeypatch: pytest.MonkeyPatch) -> None:
    """With Athena's reason, the query and its id."""
    failing = Failing(monkeypatch, opinion)
    with pytest.raises(
        CatalogError, match=r"could not run the query query-1: S3 was busy\. The query was: SEL"
    ):
        failing.athena.run("SELECT 1")
    assert failing.started == 1


def test_numbers_are_told_by_their_names() -> None:
    """Athena answers with texts, the names of the columns first."""
    rows = [{"Data": [{"VarCharValue": text} for text in row]} for row in (("rows", "missing"), ("12", "0"))]
    answers = {"query-1": {"ResultSet": {"Rows": rows}}}
    client = SimpleNamespace(get_query_results=lambda QueryExecutionId: answers[QueryExecutionId])  # noqa: N803
    session = SimpleNamespace(client=lambda _: client)
    athena = Athena(session=cast("Any", session), workgroup="w", database="d")
    assert athena.numbers("query-1") == {"rows": 12, "missing": 0}


def test_a_failure_without_end_is_told_in_the_end(monkeypatch: pytest.MonkeyPatch) -> None:
    """Three tries are enough."""
    failing = Failing(monkeypatch, *[True] * 10)
    with pytest.raises(CatalogError, match="query-3"):
        failing.athena.run("SELECT 1")
