"""Answers CloudFormation, which waits an hour for a custom resource that says nothing."""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any
from urllib.request import Request, urlopen

from lakeshot.errors import LakeshotError
from lakeshot.steps.handler import logger

_TIMEOUT_SECONDS = 30


@contextmanager
def answer(event: Mapping[str, Any], log_stream: str, *, resource: str) -> Iterator[None]:
    """Report the block's success or failure to the request's response URL.

    ``resource`` is what CloudFormation knows the resource by: if an update answers with another one, the
    old resource is deleted.
    """
    reason = ""
    try:
        yield
    except LakeshotError as error:
        logger.error("custom resource failed", extra={"reason": str(error)})
        reason = str(error)
    except Exception as error:  # noqa: BLE001 - whatever it is, CloudFormation has to hear of it
        logger.exception("custom resource failed")
        reason = f"{type(error).__name__}: {error} (log stream {log_stream})"
    body = {
        "Status": "FAILED" if reason else "SUCCESS",
        "Reason": reason or "done",
        "PhysicalResourceId": resource,
        **{key: event[key] for key in ("StackId", "RequestId", "LogicalResourceId")},
    }
    _put(event["ResponseURL"], json.dumps(body).encode())


def _put(url: str, body: bytes) -> None:
    # The URL is CloudFormation's own, presigned and https; its signature allows no content type.
    request = Request(url, data=body, method="PUT", headers={"Content-Type": ""})  # noqa: S310
    with urlopen(request, timeout=_TIMEOUT_SECONDS):  # noqa: S310
        pass
