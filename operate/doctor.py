"""The command doctor: what an export needs, tried out from where its job runs."""

import json
from datetime import datetime
from typing import TextIO

from lakeshot.config.deployed import Deployed
from lakeshot.doctor.report import Check, Outcome, Report
from lakeshot.runs.job_errors import meaning
from operate import figures
from operate.context import Context
from operate.deployment import Deployment, find_target
from operate.errors import UsageError
from operate.examination import TIMEOUT_MINUTES, Examination, Look
from operate.views import BETWEEN_LINES

SUCCESS, FAILURE = 0, 1
POLL_SECONDS = 2.0
_MARKS = {Outcome.PASSED: "✓", Outcome.WARNED: "!", Outcome.FAILED: "✗", Outcome.NOT_TRIED: "·"}
_PLAIN_MARKS = {Outcome.PASSED: "+", Outcome.WARNED: "!", Outcome.FAILED: "x", Outcome.NOT_TRIED: "."}
_NAME_WIDTH = 12
_CLEAR_LINE = "\r\x1b[K"
_WAITING = {
    "RUNNING": "the job looks around",
    "STOPPING": "Glue stops the job",
}
_STARTING = "Glue starts the job, which takes a minute or two"


def doctor(context: Context, name: str, *, as_json: bool) -> int:
    """Examine one export; 1 if something that it needs does not work. Leaving with Ctrl-C ends the job."""
    deployment, deployed = _export(context, name)
    examination = Examination.start(deployment, deployed, context.clock.now())
    context.output.tell(
        f"Examining export {name!r} (stage {deployed.stage}) by its own Glue job; Ctrl-C ends it."
    )
    progress = Progress(context.output.messages, context.clock.now())
    try:
        look = _follow(context, examination, progress)
    except KeyboardInterrupt:
        progress.clear()
        examination.stop()
        context.output.tell("The job is being ended.")
        raise
    error = _without_report(look)
    if error is not None:
        found = examination.links(deployment.state_machine_arn)
        context.output.tell("\n".join([error, *(f"  {what}: {where}" for what, where in found.items())]))
    else:
        context.output.tell(_summary(name, look.report or Report(export=name)))
    if as_json:
        context.output.result(json.dumps(_document(examination, look, error)))
    works = error is None and look.report is not None and not look.report.having(Outcome.FAILED)
    return SUCCESS if works else FAILURE


class Progress:
    """Lines that stay, and one below them that says what is waited for."""

    def __init__(self, stream: TextIO, now: datetime) -> None:
        self._stream, self._since = stream, now
        self._live = stream.isatty()
        self._marks = _MARKS if _takes(stream, "".join(_MARKS.values())) else _PLAIN_MARKS
        self._said: tuple[str, datetime] | None = None

    def check(self, check: Check) -> None:
        """A check that has ended."""
        self.clear()
        line = f"  {self._marks[check.outcome]} {check.name:<{_NAME_WIDTH}}  {check.found}"
        print(line, file=self._stream, flush=True)

    def wait(self, what: str, now: datetime) -> None:
        """What is waited for: drawn over on a terminal, elsewhere said when it changes or after a while."""
        text = f"{figures.span(now - self._since)}: {what}"
        if self._live:
            self._stream.write(f"{_CLEAR_LINE}  {text}")
            self._stream.flush()
        elif self._said is None or self._said[0] != what or now - self._said[1] >= BETWEEN_LINES:
            self._said = (what, now)
            print(text, file=self._stream, flush=True)

    def clear(self) -> None:
        """Make room for what is printed next."""
        if self._live:
            self._stream.write(_CLEAR_LINE)
            self._stream.flush()


def _export(context: Context, name: str) -> tuple[Deployment, Deployed]:
    deployment, target = find_target(context.deployments(), name)
    if target.group is not None:
        raise UsageError(
            f"{name!r} is a group; examine its members one by one: {', '.join(target.group.exports)}"
        )
    [deployed] = target.members
    if deployed.source.type == "dynamodb":
        raise UsageError(
            f"export {name!r} reads DynamoDB, which needs no examination: neither network nor login are "
            "between, and a run says in its plan step what it may not do or does not find. The doctor is for "
            "exports of databases"
        )
    return deployment, deployed


def _follow(context: Context, examination: Examination, progress: Progress) -> Look:
    """Show checks as they end, until there are no more."""
    shown = 0
    while True:
        look = examination.look()
        checks = look.report.checks if look.report is not None else ()
        for check in checks[shown:]:
            progress.check(check)
        shown = len(checks)
        if look.ended:
            progress.clear()
            return look
        progress.wait(_WAITING.get(look.state, _STARTING), context.clock.now())
        context.clock.sleep(POLL_SECONDS)


def _without_report(look: Look) -> str | None:
    """Why there is no whole report, and what to do; None if there is one."""
    if look.report is not None and look.report.complete:
        return None
    last = (
        f" The last check was {look.report.checks[-1].name!r}." if look.report and look.report.checks else ""
    )
    if look.state == "TIMEOUT":
        return f"The examination did not end within {TIMEOUT_MINUTES} minutes.{last} Look at its log."
    if look.state == "STOPPED":
        return f"The Glue job was stopped from outside.{last}"
    said = look.message.rstrip(".") or "no reason was given"
    return (
        f"The Glue job ended {look.state} without a whole report: {said}.{last} "
        f"What to do: {meaning(look.message) or 'look at its log'}."
    )


def _summary(name: str, report: Report) -> str:
    failed, untried = report.having(Outcome.FAILED), report.having(Outcome.NOT_TRIED)
    warned = report.having(Outcome.WARNED)
    if not failed:
        noted = f"; {warned} of {len(report.checks)} checks have something to say" if warned else ""
        return f"Export {name!r} has what it needs{noted}."
    rest = f", {untried} could not be tried" if untried else ""
    return (
        f"{failed} of {len(report.checks)} checks failed{rest}. Correct what failed, the first line first, "
        f"then: make doctor EXPORT={name}"
    )


def _document(examination: Examination, look: Look, error: str | None) -> dict[str, object]:
    return {
        "export": examination.deployed.export,
        "job_run_id": examination.job_run_id,
        "state": look.state,
        "error": error,
        "checks": [check.model_dump(mode="json") for check in look.report.checks] if look.report else [],
    }


def _takes(stream: TextIO, text: str) -> bool:
    """Whether a stream can show the text."""
    try:
        text.encode(stream.encoding or "utf-8")
    except UnicodeEncodeError:
        return False
    return True
