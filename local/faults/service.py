"""The server's side: holds the requests that a test's faults describe while it goes on serving others."""

import asyncio
import json
import os
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from xml.sax.saxutils import escape

from local.faults.control import POLL_SECONDS, Decision, HitRequest
from local.faults.fault import Fault, Refusal
from local.faults.folder import DECISION, FAULT, HIT, folder, write
from local.faults.request import SERVICES, Request
from local.hooks import ServiceHandler, wrap_service
from local.hooks.operations import Response

_QUERY_ERROR = "<ErrorResponse><Error><Type>Sender</Type>{}</Error></ErrorResponse>"
_XML = {"s3": "<Error>{}</Error>", "sns": _QUERY_ERROR, "sts": _QUERY_ERROR}


def install() -> None:
    """Let faults reach every service in SERVICES; after all that replaces their operations."""
    injector = Injector(folder(Path(os.environ["TMPDIR"])))
    for service in SERVICES:
        wrap_service(service, partial(injector.around, service))


@dataclass
class Injector:
    """Applies the faults that lie in a folder."""

    folder: Path
    _matches: Counter[str] = field(default_factory=Counter)
    _hits: Counter[str] = field(default_factory=Counter)

    def around(self, service: str, original: ServiceHandler) -> ServiceHandler:
        """The service's handler with faults before and behind it."""

        async def handle(
            method: str, path: str, headers: dict[str, str], body: bytes, query: Mapping[str, list[str]]
        ) -> Response:
            faults = dict(self._planted())
            if not faults:
                return await original(method, path, headers, body, query)
            request = Request.of(service, method=method, path=path, headers=headers, body=body, query=query)
            hit = [place for place, fault in faults.items() if self._hit(place, fault, request)]
            before = [place for place in hit if not faults[place].acted]
            if (refused := await self._decide(before, faults, request)) is not None:
                return refused
            response = await original(method, path, headers, body, query)
            after = [place for place in hit if faults[place].acted]
            return await self._decide(after, faults, request) or response

        return handle

    def _planted(self) -> Iterator[tuple[Path, Fault]]:
        for place in sorted(self.folder.glob(f"*{FAULT}")):
            with suppress(FileNotFoundError):  # removed meanwhile
                yield place, Fault.model_validate_json(place.read_text())

    def _hit(self, place: Path, fault: Fault, request: Request) -> bool:
        if not fault.matches(request):
            return False
        self._matches[place.name] += 1
        return fault.nth in (None, self._matches[place.name])

    async def _decide(
        self, hit: list[Path], faults: Mapping[Path, Fault], request: Request
    ) -> Response | None:
        """Tell the test of each hit and do as it says; the error to answer with, if any."""
        for place in hit:
            self._hits[place.name] += 1
            here = place.with_suffix("") / f"{self._hits[place.name]}{HIT}"
            write(here, HitRequest(role=request.role, about=request.about))
            refusal = faults[place].refusal or await _decision(place, here.with_suffix(DECISION))
            if refusal is not None:
                return _error(request.service, refusal)
        return None


async def _decision(fault: Path, decision: Path) -> Refusal | None:
    """Wait for the test's decision, or until it has removed the fault."""
    while fault.exists():
        if decision.exists():
            return Decision.model_validate_json(decision.read_text()).refusal
        await asyncio.sleep(POLL_SECONDS)
    return None


def _error(service: str, refusal: Refusal) -> Response:
    """An error in the words of the service's protocol."""
    if service not in _XML:
        document = json.dumps({"__type": refusal.code, "message": refusal.message})
        headers = {"Content-Type": "application/x-amz-json-1.1", "x-amzn-errortype": refusal.code}
        return refusal.status, headers, document.encode()
    told = f"<Code>{escape(refusal.code)}</Code><Message>{escape(refusal.message)}</Message>"
    return refusal.status, {"Content-Type": "text/xml"}, _XML[service].format(told).encode()
