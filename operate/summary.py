"""What is printed once a run is over."""

from collections.abc import Mapping, Sequence

from lakeshot.config.deployed import Deployed
from lakeshot.names import snapshot_prefix
from lakeshot.runs.records import OF_DATABASES, RunRecord, RunState
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


def summary(
    observation: Observation, *, published: Mapping[str, str | None], links: Mapping[str, str]
) -> str:
    """A run that is over, in one block of text. ``published`` is what the view of each export shows now."""
    verb, length = _VERBS[observation.state], figures.span(elapsed(observation))
    record = observation.record
    if observation.state is not RunState.SUCCEEDED:
        head = f"Run {observation.run} {verb} {length}, in the step {observation.step.value!r}."
        facts = _failure(observation, published)
    elif record is not None and record.duplicate_of is not None:
        head = f"Run {observation.run} did nothing: it is a duplicate."
        facts = _duplicate(record.duplicate_of)
    else:
        head = f"Run {observation.run} {verb} {length}."
        facts = _success(observation, published)
    told = {**facts, **links}
    width = max(_LABEL_WIDTH, *(len(label) + 2 for label in told))
    return "\n".join([head, *(f"  {label:<{width}}{text}" for label, text in told.items())])


def _success(observation: Observation, published: Mapping[str, str | None]) -> dict[str, str]:
    record = observation.record
    if record is None:
        return {"record": "none was found in the run table"}
    facts = {"snapshot": str(record.snapshot)}
    if observation.target.group is None:
        facts |= _read(record)
    else:
        for member in observation.members:
            told = _read(member.record) if member.record is not None else {}
            facts[member.deployed.export] = "; ".join(
                f"{what}: {text}" if what == "schema" else text for what, text in told.items()
            )
    costs = [
        member.record.estimated_cost_usd
        for member in observation.members
        if member.record is not None and member.record.estimated_cost_usd is not None
    ]
    if costs:
        facts["cost"] = f"{figures.dollars(sum(costs))} (estimate)"
    return facts | {"view": _view(observation, published)}


def _read(record: RunRecord) -> dict[str, str]:
    """What a run has read and written of one export; nothing of a rollback, which only moves its view."""
    facts: dict[str, str] = {}
    if record.mode == "rollback":
        return facts
    if record.rows is not None:
        files, written = record.files or 0, figures.size(record.bytes_written or 0)
        told = f"{figures.count(record.rows)} in {files} {'file' if files == 1 else 'files'}, {written}"
        if record.follows is None:
            facts["rows"] = told
        else:
            facts["changes"] = f"{told}, since snapshot {record.follows}"
            facts["rows"] = f"{figures.count(record.rows_shown or 0)} in the view"
    if record.route == "native":
        facts["read"] = f"by DynamoDB's own export, {figures.size(record.exported_bytes or 0)}: no read units"
    elif record.route in OF_DATABASES:
        facts["read"] = f"{figures.size(record.bytes_read or 0)} {record.read_by or ''}".rstrip()
        if record.taken_at is not None:
            facts["as of"] = (
                f"{record.taken_at:%Y-%m-%d %H:%M:%S.%f} UTC, when the database's snapshot was taken"
            )
        if record.text_columns is not None:
            facts["as text"] = record.text_columns
        if record.source_load is not None:
            facts["load"] = record.source_load
    else:
        facts["read"] = f"{figures.rate(record.units_consumed)} read units{_budget(record)}"
    if record.route_from is not None:
        facts["route"] = f"{record.route}: {record.route_from}"
    if record.schema_change is not None:
        facts["schema"] = record.schema_change
    return facts


def _duplicate(first: str) -> dict[str, str]:
    return {
        "reason": f"run {first} has the same scheduled time; a schedule may deliver one more than once",
        "see": f"make watch RUN={first}",
    }


def _failure(observation: Observation, published: Mapping[str, str | None]) -> dict[str, str]:
    failure, record = observation.failure, observation.record
    facts = {
        "cause": failure.cause if failure is not None else "not known",
        "still safe": _view(observation, published),
        "next step": failure.next_step if failure is not None else "look at the execution",
        "run again": f"make run {observation.target.option}",
    }
    if record is not None and record.mode == "check":
        facts["run again"] = f"make run {observation.target.option} ARGS=--check"
    elif record is not None and record.exported_bytes is not None:
        reusing = f'make run {observation.target.option} ARGS="--reuse-export {observation.run}"'
        facts["or reuse"] = f"{reusing}: what DynamoDB has exported, without exporting it again"
    return facts


def _budget(record: RunRecord) -> str:
    if record.rate_units_per_second is None:
        return ""
    return f", at most {figures.rate(record.rate_units_per_second)}/s ({record.rate_basis})"


def _view(observation: Observation, published: Mapping[str, str | None]) -> str:
    """What readers see now: of a group in one sentence if all its views show one moment."""
    members = observation.members
    shown = {published.get(member.deployed.export) for member in members}
    if len(shown) > 1:
        apart = (
            f"{member.deployed.export} {_moment(published, member.deployed.export)}" for member in members
        )
        return f"the views show different moments: {', '.join(apart)}"
    record, [snapshot] = observation.record, shown
    still = "" if record is not None and record.snapshot == snapshot else "still "
    seen = [member.deployed for member in members if member.deployed.format.is_readable]
    told = [_shown(seen, snapshot, still)] if seen else []
    told += [_unread(one.deployed, snapshot, still) for one in members if one.deployed not in seen]
    return "; ".join(told)


def _shown(views: Sequence[Deployed], snapshot: str | None, still: str) -> str:
    names = ", ".join(f'"{deployed.database}"."{deployed.names.view}"' for deployed in views)
    noun, show = ("the view", "shows") if len(views) == 1 else ("the views", "show")
    if snapshot is None:
        return f"{noun} {names} {show} no rows: nothing was published yet"
    return f"{noun} {names} {still}{show} snapshot {snapshot}"


def _unread(deployed: Deployed, snapshot: str | None, still: str) -> str:
    """What there is of an export that has no view."""
    none = f"{deployed.export} has no view, because no query engine reads {deployed.format.value} files"
    if snapshot is None:
        return f"{none}; nothing was published yet"
    folder = snapshot_prefix(deployed.names.data_prefix, snapshot)
    return f"{none}; {still}published is what lies below s3://{deployed.bucket}/{folder}"


def _moment(published: Mapping[str, str | None], export: str) -> str:
    return published.get(export) or "no rows"
