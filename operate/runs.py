"""The commands run, watch and stop-run."""

import getpass
import json
from collections.abc import Mapping

from pydantic import ValidationError

from lakeshot.config.errors import field_errors
from lakeshot.config.payload import Payload
from lakeshot.runs.records import RunState
from operate.context import Context
from operate.deployment import find_export
from operate.errors import UsageError
from operate.execution import Execution
from operate.figures import instant
from operate.observation import Observation
from operate.watching import closing_words, follow, run_links

SUCCESS, FAILURE = 0, 1


def run(context: Context, export: str, overrides: Mapping[str, object], *, as_json: bool) -> int:
    """Start an export with its deployed payload, changed by ``overrides``, and watch it."""
    return _watch(context, start(context, export, overrides), as_json=as_json)


def start(context: Context, export: str, overrides: Mapping[str, object]) -> Execution:
    """Start an export with its deployed payload, changed by ``overrides``."""
    deployment, deployed = find_export(context.deployments(), export)
    payload = _overridden(deployed.payload(), overrides)
    execution = Execution.start(deployment, deployed, payload, context.clock.now())
    context.output.tell(f"Started run {execution.run} of export {export!r} (stage {deployed.stage}).")
    return execution


def watch(context: Context, run_id: str, *, as_json: bool) -> int:
    """Watch a run that was started before."""
    execution = Execution.find(context.deployments(), run_id)
    context.output.tell(f"Watching run {run_id} of export {execution.deployed.export!r}.")
    return _watch(context, execution, as_json=as_json)


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


def _watch(context: Context, execution: Execution, *, as_json: bool) -> int:
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
    return {
        "run": execution.run,
        "export": execution.deployed.export,
        "execution_arn": execution.arn,
        "state": seen.state.value,
        "step": seen.step.value,
        "error": seen.failure.cause if seen.failure else None,
        "record": seen.record.model_dump(mode="json") if seen.record else None,
    }


def _overridden(payload: Payload, overrides: Mapping[str, object]) -> Payload:
    try:
        return Payload.model_validate(payload.model_dump() | dict(overrides))
    except ValidationError as error:
        raise UsageError(f"this run cannot be started: {field_errors(error, Payload)}") from error
