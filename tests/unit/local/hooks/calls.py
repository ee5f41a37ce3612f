"""Calls of ministack's services within this process, as its handlers get them."""

import asyncio
import json
import time
from collections.abc import Callable

from ministack import app

from local.hooks import JsonObject
from local.hooks.operations import Response

TARGETS = {
    "athena": "AmazonAthena",
    "dynamodb": "DynamoDB_20120810",
    "glue": "AWSGlue",
    "states": "AWSStepFunctions",
}


def call(service: str, operation: str, request: JsonObject, *, key: str = "test") -> JsonObject:
    """Answer one request of a JSON-protocol service, as the owner of ``key``."""
    headers = {
        "x-amz-target": f"{TARGETS[service]}.{operation}",
        "authorization": f"AWS4-HMAC-SHA256 Credential={key}/20261122/us-east-1/{service}/aws4_request",
    }
    handler = app.SERVICE_HANDLERS[service]

    async def answered() -> Response:
        response: Response = await handler("POST", "/", headers, json.dumps(request).encode(), {})
        # Athena runs a started query as a task of this loop.
        await asyncio.sleep(0.05)
        return response

    _status, _headers, body = asyncio.run(answered())
    answer: JsonObject = json.loads(body or b"{}")
    return answer


def make_role(name: str, service: str, *allowed: str) -> str:
    trust = {"Effect": "Allow", "Principal": {"Service": service}, "Action": "sts:AssumeRole"}
    policy = {"Statement": [{"Effect": "Allow", "Action": list(allowed), "Resource": "*"}]}
    form = {
        "Action": ["CreateRole"],
        "RoleName": [name],
        "AssumeRolePolicyDocument": [json.dumps({"Statement": [trust]})],
    }
    grant = {
        "Action": ["PutRolePolicy"],
        "RoleName": [name],
        "PolicyName": ["allowed"],
        "PolicyDocument": [json.dumps(policy)],
    }
    for query in (form, grant) if allowed else (form,):
        status, _, _ = asyncio.run(app.SERVICE_HANDLERS["iam"]("POST", "/", {}, b"", query))
        assert status == 200
    return f"arn:aws:iam::000000000000:role/{name}"


def wait_for(read: Callable[[], object]) -> None:
    deadline = time.monotonic() + 10
    while not read():
        assert time.monotonic() < deadline
        time.sleep(0.02)
