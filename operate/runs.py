"""The commands run, watch, stop-run and redrive."""

import getpass
import json
from collections.abc import Mapping

from pydantic import ValidationError

from lakeshot.config.errors import field_errors
from lakeshot.config.payload import GroupPayload, Payload, RunOptions
from lakeshot.runs.records import RunRecord, RunState
from lakeshot.runs.snapshots import Snapshots
from operate.context import Context
from operate.deployment import find_target
from operate.errors import CommandError, UsageError
from operate.execution import Execution
from operate.figures import instant
from operate.observation import Observation
from operate.watching import closing_words, follow, run_links

SUCCESS, FAILURE = 0, 1


def run(context: Context, name: str, overrides: Mapping[str, object], *, as_json: bool) -> int:
    """Start an export or a group with its deployed payload, changed by ``overrides``, and watch it."""
    return watch_to_end(context, start(context, name, overrides), as_json=as_json)


def start(context: Context, name: str, overrides: Mapping[str, object]) -> Execution:
    """Start an export or a group with its deployed payload, changed by ``overrides``."""
    deployment, target = find_target(context.deployments(), name)
    execution = Execution.start(
        deployment, target, _overridden(target.payload(), overrides), context.clock.now()
    )
    context.output.tell(f"Started run {execution.run} of {target.words} (stage {target.stage}).")
    return execution


def watch(context: Context, run_id: str, *, as_json: bool) -> int:
    """Watch a run that was started before."""
    execution = Execution.find(context.deployments(), run_id)
    context.output.tell(f"Watching run {run_id} of {execution.target.words}.")
    return watch_to_end(context, execution, as_json=as_json)


def stop_run(context: Context, run_id: str) -> int:
    """Stop a run and wait until it is closed. A run that is over already is left as it is."""
    execution = Execution.find(context.deployments(), run_id)
    seen = execution.observe(context.clock.now())
    if seen.ended:
        at = instant(seen.ended_at or seen.at)
        context.output.tell(f"Run {run_id} is not running any more: it ended {seen.state.value} at {at}.")
        return SUCCESS
    execution.stop(getpass.getuser())
    context.output.tell(
        f"Stopping run {run_id}. Its close step ends the Glue job, removes what the run wrote, releases the "
        "lock and sends the notice; what was published before stays. Waiting for that."
    )
    seen = follow(execution, context.output.view(), context.clock)
    context.output.tell(closing_words(execution, seen))
    if not seen.closed:
        context.output.tell(f"It is stopped but not closed yet. Look again with: make watch RUN={run_id}")
        return FAILURE
    return SUCCESS


def redrive(context: Context, run_id: str, *, as_json: bool) -> int:
    """Let a run that was stopped or ran out of time go on where it ended, if it can, and watch it.

    A run that was closed can go on if it was published, had settled no moment yet, or is a rollback.
    """
    execution = Execution.find(context.deployments(), run_id)
    seen = execution.observe(context.clock.now())
    if not seen.ended:
        raise CommandError(f"run {run_id} is still running; watch it with: make watch RUN={run_id}")
    if not seen.closed:
        raise CommandError(
            f"run {run_id} has ended but is still being closed; wait a minute, then redrive it again"
        )
    _refuse_without_snapshots(execution, seen)
    execution.redrive()
    context.output.tell(
        f"Redriving run {run_id} of {execution.target.words}, from the step {seen.step.value!r}."
    )
    return watch_to_end(context, execution, as_json=as_json)


def _refuse_without_snapshots(execution: Execution, seen: Observation) -> None:
    """CommandError if what the run had written is not there any more; a rollback shows what others wrote."""
    tables, table = execution.clients.tables, execution.table
    for member in seen.members:
        record, export = member.record, member.deployed.export
        if record is None or record.snapshot is None or record.mode == "rollback":
            continue
        found = Snapshots(tables, table=table, export=export).get(record.snapshot)
        if found is None or found.run != execution.run or found.state == "doomed":
            raise CommandError(
                f"run {execution.run} cannot be redriven: snapshot {record.snapshot} of export {export!r} "
                "was removed when the run was closed, or by retention since. "
                f"Start a new run with: make run {execution.target.option}"
            )


def watch_to_end(context: Context, execution: Execution, *, as_json: bool) -> int:
    """Follow a run to its end. Leaving it with Ctrl-C succeeds: the run itself goes on as it was asked to."""
    context.output.tell(f"  {run_links(execution)['execution']}")
    try:
        seen = follow(execution, context.output.view(), context.clock)
    except KeyboardInterrupt:
        context.output.tell(
            f"\nDetached; the run goes on. Watch it again: make watch RUN={execution.run}   "
            f"Stop it: make stop-run RUN={execution.run}"
        )
        return SUCCESS
    context.output.tell(closing_words(execution, seen))
    if as_json:
        context.output.result(json.dumps(_document(execution, seen)))
    return SUCCESS if seen.state is RunState.SUCCEEDED else FAILURE


def _document(execution: Execution, seen: Observation) -> dict[str, object]:
    target = execution.target
    members = {member.deployed.export: _plain(member.record) for member in seen.members}
    return {
        "run": execution.run,
        **({"export": target.name} if target.group is None else {"group": target.name, "members": members}),
        "execution_arn": execution.arn,
        "state": seen.state.value,
        "step": seen.step.value,
        "error": seen.failure.cause if seen.failure else None,
        "record": _plain(seen.record),
    }


def _plain(record: RunRecord | None) -> object:
    return record.model_dump(mode="json") if record is not None else None


def _overridden(payload: Payload | GroupPayload, overrides: Mapping[str, object]) -> Payload | GroupPayload:
    """A payload with some fields changed: those of a run as a whole, the others of every member."""
    options = {name: value for name, value in overrides.items() if name in RunOptions.model_fields}
    document = payload.model_dump() | options
    for fields in document.get("members", [document]):
        fields.update({name: value for name, value in overrides.items() if name not in options})
    try:
        return type(payload).model_validate(document)
    except ValidationError as error:
        raise UsageError(f"this run cannot be started: {field_errors(error, type(payload))}") from error
