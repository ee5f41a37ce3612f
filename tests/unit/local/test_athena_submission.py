"""StartQueryExecution settles workgroup, result location and idempotency before anything runs."""

import asyncio
import json
from collections.abc import Mapping
from typing import Any

import pytest

from local.athena.submission import Submission

TOKEN = "a-token-of-at-least-thirty-two-characters"


class Original:
    """A service that knows one workgroup and notes what it is asked to start."""

    def __init__(self, configuration: dict[str, Any]) -> None:
        self.configuration = configuration
        self.started: list[dict[str, Any]] = []

    async def handle(
        self, method: str, path: str, headers: dict[str, str], body: bytes, query: Mapping[str, list[str]]
    ) -> tuple[int, dict[str, str], bytes]:
        request = json.loads(body)
        if headers["x-amz-target"].endswith("GetWorkGroup"):
            if request["WorkGroup"] != "ours":
                return 400, {}, b"{}"
            return 200, {}, json.dumps({"WorkGroup": {"Configuration": self.configuration}}).encode()
        self.started.append(request)
        return 200, {}, json.dumps({"QueryExecutionId": f"query-{len(self.started)}"}).encode()


def start(submission: Submission, **request: object) -> dict[str, Any]:
    body = json.dumps({"QueryString": "SELECT 1", "WorkGroup": "ours"} | request).encode()
    headers = {"x-amz-target": "AmazonAthena.StartQueryExecution"}
    answer: dict[str, Any] = json.loads(asyncio.run(submission.handle("POST", "/", headers, body, {}))[2])
    return answer


@pytest.mark.parametrize(
    ("configuration", "keeps_its_own"),
    [
        (
            {
                "ResultConfiguration": {"OutputLocation": "s3://theirs/"},
                "EnforceWorkGroupConfiguration": True,
            },
            False,
        ),
        ({"ResultConfiguration": {"OutputLocation": "s3://theirs/"}}, False),
        (
            {
                "ResultConfiguration": {"OutputLocation": "s3://theirs/"},
                "EnforceWorkGroupConfiguration": False,
            },
            True,
        ),
        ({"EnforceWorkGroupConfiguration": True}, True),
    ],
)
def test_an_enforced_workgroup_decides_where_results_go(
    configuration: dict[str, Any], keeps_its_own: bool
) -> None:
    """A client's location counts only where the workgroup does not enforce one."""
    original = Original(configuration)
    start(Submission(original.handle), ResultConfiguration={"OutputLocation": "s3://mine/"})
    assert ("ResultConfiguration" in original.started[0]) is keeps_its_own


def test_a_token_makes_starting_idempotent() -> None:
    """The same token and request is the same query; with another request it is refused."""
    original = Original({})
    submission = Submission(original.handle)
    assert start(submission, ClientRequestToken=TOKEN) == {"QueryExecutionId": "query-1"}
    assert start(submission, ClientRequestToken=TOKEN) == {"QueryExecutionId": "query-1"}
    other = start(submission, ClientRequestToken=TOKEN, QueryString="SELECT 2")
    assert other["Message"] == "Idempotent parameters do not match"
    assert len(original.started) == 1


@pytest.mark.parametrize(
    ("request_", "message"),
    [
        ({"WorkGroup": "nowhere"}, "WorkGroup is not found."),
        ({"ClientRequestToken": "short"}, "ClientRequestToken must have 32 to 128 characters"),
        ({"QueryString": "x" * 262_145}, "QueryString has 262145 bytes; it must have 1 to 262144"),
    ],
)
def test_what_cannot_start_is_refused(request_: dict[str, object], message: str) -> None:
    """A bad request is InvalidRequestException and starts nothing."""
    original = Original({})
    refused = start(Submission(original.handle), **request_)
    assert (refused["__type"], refused["Message"]) == ("InvalidRequestException", message)
    assert original.started == []
