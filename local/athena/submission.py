"""What Athena settles when a query is submitted: its workgroup, where its result goes, and whether it is new.

https://docs.aws.amazon.com/athena/latest/APIReference/API_StartQueryExecution.html and
https://docs.aws.amazon.com/athena/latest/ug/workgroups-settings-override.html
"""

import json
from collections.abc import Mapping
from typing import Any

from local.hooks import ServiceHandler
from local.hooks.operations import Response

MAX_QUERY_BYTES = 262_144
MIN_TOKEN_CHARACTERS, MAX_TOKEN_CHARACTERS = 32, 128
_OK = 200


class Submission:
    """The service's handler with StartQueryExecution's rules in front of the original one."""

    def __init__(self, original: ServiceHandler) -> None:
        self._original = original
        self._by_token: dict[str, tuple[dict[str, Any], Response]] = {}

    async def handle(
        self, method: str, path: str, headers: dict[str, str], body: bytes, query: Mapping[str, list[str]]
    ) -> Response:
        """Answer one request."""
        service, _, operation = headers.get("x-amz-target", "").rpartition(".")
        if operation != "StartQueryExecution":
            return await self._original(method, path, headers, body, query)
        request: dict[str, Any] = json.loads(body)
        token = request.get("ClientRequestToken")
        problem = _problem(request)
        if problem:
            return _refused(problem)
        if token in self._by_token:
            known, response = self._by_token[token]
            return response if known == request else _refused("Idempotent parameters do not match")
        about = {"WorkGroup": request.get("WorkGroup", "primary")}
        lookup = headers | {"x-amz-target": f"{service}.GetWorkGroup"}
        found = await self._original(method, path, lookup, json.dumps(about).encode(), query)
        if found[0] != _OK:
            return _refused("WorkGroup is not found.")
        settled = _settled(request, json.loads(found[2])["WorkGroup"].get("Configuration") or {})
        response = await self._original(method, path, headers, json.dumps(settled).encode(), query)
        if token is not None and response[0] == _OK:
            self._by_token[token] = request, response
        return response


def _problem(request: dict[str, Any]) -> str | None:
    size, token = len(request.get("QueryString", "").encode()), request.get("ClientRequestToken")
    if not 1 <= size <= MAX_QUERY_BYTES:
        return f"QueryString has {size} bytes; it must have 1 to {MAX_QUERY_BYTES}"
    if token is not None and not MIN_TOKEN_CHARACTERS <= len(token) <= MAX_TOKEN_CHARACTERS:
        return f"ClientRequestToken must have {MIN_TOKEN_CHARACTERS} to {MAX_TOKEN_CHARACTERS} characters"
    return None


def _settled(request: dict[str, Any], workgroup: dict[str, Any]) -> dict[str, Any]:
    """Return the request without the client's own result location where the workgroup enforces its."""
    enforced = workgroup.get("EnforceWorkGroupConfiguration", True)
    location = (workgroup.get("ResultConfiguration") or {}).get("OutputLocation")
    if not (enforced and location):
        return request
    return {name: value for name, value in request.items() if name != "ResultConfiguration"}


def _refused(message: str) -> Response:
    error = {"__type": "InvalidRequestException", "AthenaErrorCode": "INVALID_INPUT", "Message": message}
    return 400, {"Content-Type": "application/x-amz-json-1.1"}, json.dumps(error).encode()
