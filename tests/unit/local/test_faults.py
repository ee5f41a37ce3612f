"""Faults: which requests they hit, and that whatever they hold the rest goes on."""

import asyncio
import json
from collections.abc import Mapping
from pathlib import Path

import pytest
from pydantic import ValidationError

from local.faults import Fault, Faults, Refusal
from local.faults.folder import folder
from local.faults.request import Request
from local.faults.service import Injector

Answer = tuple[int, dict[str, str], bytes]
SIGNED = "AWS4-HMAC-SHA256 Credential=test/20261122/us-east-1/{}/aws4_request"
SLOW = Refusal(code="SlowDown", message="a < b", status=503)


@pytest.fixture
def faults(tmp_path: Path) -> Faults:
    return Faults(tmp_path)


class Server:
    """S3 with faults; the requests of a test are answered on one loop, as the server does."""

    def __init__(self, temporary: Path, service: str = "s3") -> None:
        self._service = service
        self.acted: list[str] = []
        self._handle = Injector(folder(temporary)).around(service, self._act)

    async def _act(
        self, method: str, path: str, headers: dict[str, str], body: bytes, query: Mapping[str, list[str]]
    ) -> Answer:
        self.acted.append(path)
        return 200, {}, b""

    async def ask(self, method: str, path: str, **query: str) -> Answer:
        headers = {"authorization": SIGNED.format(self._service)}
        return await self._handle(method, path, headers, b"", {name: [one] for name, one in query.items()})


@pytest.fixture
def server(tmp_path: Path) -> Server:
    return Server(tmp_path)


def test_what_is_held_waits_while_everything_else_is_answered(faults: Faults, server: Server) -> None:
    """A test sees who was hit and with what, and lets it go on."""

    async def attack() -> None:
        planted = faults.plant(Fault(service="s3", operation="PutObject", about="/lake/manifest"))
        held = asyncio.create_task(server.ask("PUT", "/lake/manifest.json"))
        await server.ask("PUT", "/lake/other.json")
        [hit] = await asyncio.to_thread(lambda: [planted.hit()])
        assert hit.request.role == "root"
        assert hit.request.about.startswith("/lake/manifest.json?")
        assert server.acted == ["/lake/other.json"]
        assert not held.done()
        hit.go_on()
        assert (await held)[0] == 200
        assert server.acted == ["/lake/other.json", "/lake/manifest.json"]

    asyncio.run(attack())


def test_removing_a_fault_lets_everything_go_on(faults: Faults, server: Server) -> None:
    """What is held is answered, and the next request is not hit any more."""

    async def attack() -> None:
        with faults.planted(Fault(service="s3", operation="GetObject", nth=None)) as planted:
            held = [asyncio.create_task(server.ask("GET", f"/lake/{name}")) for name in "ab"]
            await asyncio.to_thread(planted.hit, 2)
        await asyncio.gather(*held)
        await server.ask("GET", "/lake/c")
        assert len(planted.hits()) == 2

    asyncio.run(attack())


def test_only_the_nth_that_matches_is_hit(faults: Faults, server: Server) -> None:
    """Counted from one, over everything that matches."""
    planted = faults.plant(Fault(service="s3", operation="GetObject", nth=2, refusal=SLOW))

    async def attack() -> list[int]:
        return [(await server.ask(method, "/lake/a"))[0] for method in ("GET", "PUT", "GET", "GET")]

    assert asyncio.run(attack()) == [200, 200, 503, 200]
    assert len(planted.hits()) == 1


@pytest.mark.parametrize("acted", [False, True])
def test_a_held_request_can_be_failed_before_or_after_the_cloud_acted(
    faults: Faults, server: Server, acted: bool
) -> None:
    """Afterwards means that only the answer is lost."""

    async def attack() -> Answer:
        planted = faults.plant(Fault(service="s3", operation="DeleteObject", acted=acted))
        held = asyncio.create_task(server.ask("DELETE", "/lake/a"))
        (await asyncio.to_thread(planted.hit)).fail(SLOW)
        return await held

    status, _, body = asyncio.run(attack())
    assert status == 503
    assert body == b"<Error><Code>SlowDown</Code><Message>a &lt; b</Message></Error>"
    assert server.acted == (["/lake/a"] if acted else [])


def test_an_error_is_told_in_the_words_of_the_services_protocol(tmp_path: Path, faults: Faults) -> None:
    """JSON where the service speaks JSON."""
    faults.plant(Fault(service="glue", operation="", refusal=Refusal(code="OperationTimeoutException")))
    status, headers, body = asyncio.run(Server(tmp_path, "glue").ask("POST", "/"))
    assert (status, headers["x-amzn-errortype"]) == (400, "OperationTimeoutException")
    assert json.loads(body) == {"__type": "OperationTimeoutException", "message": "injected by a test"}


def test_nobody_waits_for_ever_for_a_hit(faults: Faults) -> None:
    """The error says what was waited for."""
    planted = faults.plant(Fault(service="s3", operation="GetObject"))
    with pytest.raises(TimeoutError, match=r"operation='GetObject'.* hit nothing within 0 seconds"):
        planted.hit(seconds=0)


@pytest.mark.parametrize("wrong", [{"service": "ec2"}, {"about": "("}, {"nth": 0}])
def test_a_fault_that_could_never_hit_is_refused(wrong: Mapping[str, object]) -> None:
    """A service nothing is wrapped around, an expression that is none, a number nothing has."""
    with pytest.raises(ValidationError, match=r"the services|no regular expression|greater than"):
        Fault.model_validate({"service": "s3", "operation": "GetObject", **wrong})


@pytest.mark.parametrize(
    ("request_line", "operation"),
    [
        ("POST /b/k?uploads=", "CreateMultipartUpload"),
        ("PUT /b/k?partNumber=1&uploadId=u", "UploadPart"),
        ("POST /b/k?uploadId=u", "CompleteMultipartUpload"),
        ("DELETE /b/k?uploadId=u", "AbortMultipartUpload"),
        ("GET /b?uploads=", "ListMultipartUploads"),
        ("GET /b?list-type=2&prefix=p", "ListObjectsV2"),
        ("POST /b?delete=", "DeleteObjects"),
        ("PUT /b/a/k", "PutObject"),
        ("HEAD /b/k", "HeadObject"),
        ("PUT /b", "PUT bucket"),
    ],
)
def test_operations_of_s3_are_told_by_method_and_query(request_line: str, operation: str) -> None:
    """S3 has no header for them."""
    method, _, target = request_line.partition(" ")
    path, _, query = target.partition("?")
    words = {name: [value] for name, _, value in (one.partition("=") for one in query.split("&") if query)}
    assert _request("s3", method, path, query=words).operation == operation


def test_operations_of_other_protocols_are_told_by_header_form_or_path() -> None:
    """JSON's header, Query's form, Lambda's path."""
    target = {"x-amz-target": "DynamoDB_20120810.PutItem"}
    assert _request("dynamodb", "POST", "/", headers=target).operation == "PutItem"
    assert _request("sns", "POST", "/", body=b"Action=Publish&Message=x").operation == "Publish"
    invocation = "/2015-03-31/functions/close/invocations"
    assert _request("lambda", "POST", invocation).operation == "Invoke"


def _request(
    service: str,
    method: str,
    path: str,
    *,
    headers: Mapping[str, str] | None = None,
    body: bytes = b"",
    query: Mapping[str, list[str]] | None = None,
) -> Request:
    signed = {"authorization": SIGNED.format(service), **(headers or {})}
    return Request.of(service, method=method, path=path, headers=signed, body=body, query=query or {})
