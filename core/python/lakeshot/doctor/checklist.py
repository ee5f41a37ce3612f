"""Checks one after the other, each of which ends in a line, whatever happens in it."""

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from traceback import format_tb

from lakeshot.doctor.report import Check, Outcome
from lakeshot.errors import LakeshotError

log = logging.getLogger("lakeshot")


@dataclass(frozen=True)
class Finding:
    """What a check found, and whether somebody should know of it although it works."""

    found: str
    warns: bool = False


class Checklist:
    """Carries out checks and tells, after each of them, all there are so far."""

    def __init__(self, tell: Callable[[tuple[Check, ...]], None]) -> None:
        self._tell = tell
        self._checks: dict[str, Check] = {}

    def check(self, name: str, look: Callable[[], Finding], *, after: Sequence[str] = ()) -> None:
        """Carry out a check, unless one of those it comes after did not succeed."""
        self._checks[name] = self._not_tried(name, after) or _tried(name, look)
        self._tell(tuple(self._checks.values()))

    def passed(self, name: str) -> bool:
        """Whether a check was carried out and did not fail."""
        return name in self._checks and self._checks[name].outcome in (Outcome.PASSED, Outcome.WARNED)

    def _not_tried(self, name: str, after: Sequence[str]) -> Check | None:
        missing = [other for other in after if not self.passed(other)]
        if not missing:
            return None
        needed = " and ".join(repr(other) for other in missing)
        return Check(name=name, outcome=Outcome.NOT_TRIED, found=f"needs {needed}")


def _tried(name: str, look: Callable[[], Finding]) -> Check:
    try:
        finding = look()
    except LakeshotError as error:
        return Check(name=name, outcome=Outcome.FAILED, found=str(error))
    except Exception as error:  # noqa: BLE001
        # The other checks may say more. The error's own words may hold anything, so they are not repeated.
        kind = type(error).__name__
        log.error("check %s broke: %s\n%s", name, kind, "".join(format_tb(error.__traceback__)))  # noqa: TRY400
        found = f"the check itself broke ({kind}); look at the job's log, and report it as a defect"
        return Check(name=name, outcome=Outcome.FAILED, found=found)
    outcome = Outcome.WARNED if finding.warns else Outcome.PASSED
    return Check(name=name, outcome=outcome, found=finding.found)
