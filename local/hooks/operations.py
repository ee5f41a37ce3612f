"""Service operations: one replaced, or a whole service wrapped."""

import json
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import TypeAlias

from ministack import app
from ministack.core.concurrency import run_reentrant
from ministack.core.responses import error_response_json, get_account_id, get_region, json_response

from local.hooks.identity import Credentials, caller_credentials

JsonObject: TypeAlias = dict[str, object]
Response: TypeAlias = tuple[int, dict[str, str], bytes]
ServiceHandler: TypeAlias = Callable[
    [str, str, dict[str, str], bytes, Mapping[str, list[str]]], Awaitable[Response]
]
"""``handler(method, path, headers, body, query)``; header names are lower case."""


class ServiceError(Exception):
    """An error an AWS operation answers with: its code and message."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message


@dataclass(frozen=True)
class Call:
    """One request to a JSON-protocol operation, already authorised."""

    account: str
    region: str
    caller: Credentials
    request: JsonObject


def wrap_service(service: str, wrapper: Callable[[ServiceHandler], ServiceHandler]) -> None:
    """Put ``wrapper(original)`` in the place of a service's handler, on the event loop."""
    app.SERVICE_HANDLERS[service] = wrapper(app.SERVICE_HANDLERS[service])


def replace_operation(service: str, operation: str, answer: Callable[[Call], JsonObject]) -> None:
    """Let ``answer`` serve one operation (``"glue"``, ``"StartJobRun"``) of a JSON-protocol service.

    It runs in its own thread with the request's account and region, so it may block and call the cloud.
    A ServiceError it raises becomes the operation's error.
    """

    def answered(call: Call) -> Response:
        try:
            response: Response = json_response(answer(call))
        except ServiceError as error:
            response = error_response_json(error.code, error.message, 400)
        return response

    def wrapper(original: ServiceHandler) -> ServiceHandler:
        async def handler(
            method: str, path: str, headers: dict[str, str], body: bytes, query: Mapping[str, list[str]]
        ) -> Response:
            if headers.get("x-amz-target", "").rsplit(".", 1)[-1] != operation:
                return await original(method, path, headers, body, query)
            caller = caller_credentials(headers)
            call = Call(get_account_id(), get_region(), caller, json.loads(body or b"{}"))
            response: Response = await run_reentrant(answered, call, thread_name=f"{service}-{operation}")
            return response

        return handler

    wrap_service(service, wrapper)
