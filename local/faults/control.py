"""The test's side: plant faults, see what they hit, and decide."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

from pydantic import BaseModel, ConfigDict

from local.faults.fault import Fault, Refusal
from local.faults.folder import DECISION, FAULT, HIT, folder, write

POLL_SECONDS = 0.02


class HitRequest(BaseModel):
    """What the server tells of a request that was hit (see ``Request``)."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    role: str
    about: str


class Decision(BaseModel):
    """What becomes of a paused request: it goes on, or fails with this."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    refusal: Refusal | None = None


@dataclass(frozen=True)
class Hit:
    """One request that was hit; paused unless its fault fails requests at once."""

    request: HitRequest
    _path: Path

    def go_on(self) -> None:
        """Let the cloud act on the request, if it has not, and answer."""
        self._decide(Decision())

    def fail(self, refusal: Refusal) -> None:
        """Answer the request with an error of AWS."""
        self._decide(Decision(refusal=refusal))

    def _decide(self, decision: Decision) -> None:
        write(self._path.with_suffix(DECISION), decision)


@dataclass(frozen=True)
class Planted:
    """A fault in its place."""

    fault: Fault
    _path: Path

    def hits(self) -> list[Hit]:
        """What it has hit so far, in order."""
        found = sorted(self._path.with_suffix("").glob(f"*{HIT}"), key=lambda path: int(path.stem))
        return [Hit(HitRequest.model_validate_json(path.read_text()), path) for path in found]

    def hit(self, number: int = 1, *, seconds: float = 60) -> Hit:
        """The ``number``-th hit, waited for. Raises TimeoutError."""
        return _wait(lambda: self.hits()[number - 1 : number], seconds, f"{self.fault} hit nothing")[0]

    def remove(self) -> None:
        """Hit nothing any more, and let go on whatever is paused."""
        self._path.unlink(missing_ok=True)


@dataclass(frozen=True)
class Faults:
    """The faults of one instance, by its directory for temporary files (``Settings.directory / "tmp"``)."""

    temporary: Path

    def plant(self, fault: Fault) -> Planted:
        """Let a fault take effect, from the next request on, until it is removed."""
        path = folder(self.temporary) / f"{uuid4().hex}{FAULT}"
        write(path, fault)
        return Planted(fault, path)

    @contextmanager
    def planted(self, fault: Fault) -> Iterator[Planted]:
        """Have a fault for the length of a block."""
        planted = self.plant(fault)
        try:
            yield planted
        finally:
            planted.remove()

    def remove_all(self) -> None:
        """Remove every fault there is."""
        for path in folder(self.temporary).glob(f"*{FAULT}"):
            path.unlink(missing_ok=True)


def _wait(read: Callable[[], list[Hit]], seconds: float, complaint: str) -> list[Hit]:
    deadline = time.monotonic() + seconds
    while not (found := read()):
        if time.monotonic() > deadline:
            raise TimeoutError(f"{complaint} within {seconds:g} seconds")
        time.sleep(POLL_SECONDS)
    return found
