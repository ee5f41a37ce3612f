"""What is printed once a run is over."""

from lakeshot.runs.records import RunRecord, RunState
from operate import figures
from operate.observation import Observation
from operate.progress import elapsed

_LABEL_WIDTH = 12
_VERBS = {
    RunState.SUCCEEDED: "succeeded after",
    RunState.FAILED: "failed after",
    RunState.TIMED_OUT: "ran out of time after",
    RunState.ABORTED: "was stopped after",
}


def summary(observation: Observation, *, published: str | None, links: dict[str, str]) -> str:
    """A run that is over, in one block of text. ``published`` is the snapshot that the view shows now."""
    verb, length = _VERBS[observation.state], figures.span(elapsed(observation))
    if observation.state is RunState.SUCCEEDED:
        head = f"Run {observation.run} {verb} {length}."
        facts = _success(observation, published)
    else:
        head = f"Run {observation.run} {verb} {length}, in the step {observation.step.value!r}."
        facts = _failure(observation, published)
    return "\n".join([head, *(f"  {label:<{_LABEL_WIDTH}}{text}" for label, text in (facts | links).items())])


def _success(observation: Observation, published: str | None) -> dict[str, str]:
    record = observation.record
    if record is None:
        return {"record": "none was found in the run table"}
    facts = {"snapshot": str(record.snapshot)}
    if record.rows is not None:
        files, written = record.files or 0, figures.size(record.bytes_written or 0)
        facts["rows"] = (
            f"{figures.count(record.rows)} in {files} {'file' if files == 1 else 'files'}, {written}"
        )
    facts["read"] = f"{figures.rate(record.units_consumed)} read units{_budget(record)}"
    if record.estimated_cost_usd is not None:
        facts["cost"] = f"{figures.dollars(record.estimated_cost_usd)} (estimate)"
    facts["view"] = _view(observation, published)
    return facts


def _failure(observation: Observation, published: str | None) -> dict[str, str]:
    failure = observation.failure
    return {
        "cause": failure.cause if failure is not None else "not known",
        "still safe": _view(observation, published),
        "next step": failure.next_step if failure is not None else "look at the execution",
        "run again": f"make run EXPORT={observation.deployed.export}",
    }


def _budget(record: RunRecord) -> str:
    if record.rate_units_per_second is None:
        return ""
    return f", at most {figures.rate(record.rate_units_per_second)}/s ({record.rate_basis})"


def _view(observation: Observation, published: str | None) -> str:
    deployed, record = observation.deployed, observation.record
    view = f'"{deployed.database}"."{deployed.names.view}"'
    if published is None:
        return f"the view {view} shows no rows: nothing was published yet"
    own = record is not None and record.snapshot == published
    return f"the view {view} {'shows' if own else 'still shows'} snapshot {published}"
