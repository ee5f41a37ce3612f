"""How an execution walks its states, and how far it came, so that a redrive continues from there.

ministack executes a state; the walk from state to state is here. A chain is the execution itself, a Map's
iteration or a Parallel's branch. It remembers the state it is in and that state's input, and a state with
chains of its own keeps them until it is left.
https://docs.aws.amazon.com/step-functions/latest/dg/redrive-executions.html
"""

import copy
import json
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait
from contextvars import ContextVar, copy_context
from dataclasses import dataclass, field
from typing import Any

from ministack.core.responses import now_iso
from ministack.services import stepfunctions

from local.hooks.operations import JsonObject
from local.hooks.wanted import NoLongerWantedError, check_wanted, is_wanted, wanted_while

SLEEP_SLICE_SECONDS = 0.05
Context = dict[str, Any]


@dataclass
class Chain:
    """States one after another, and how far they came; ``state`` is None once they ended with ``value``."""

    states: Mapping[str, JsonObject]
    state: str | None
    value: object
    inner: list["Chain"] | None = field(default=None, repr=False)


_inside: ContextVar[Chain] = ContextVar("lakeshot_chain")
_context: ContextVar[Context] = ContextVar("lakeshot_context_object")
_history = threading.Lock()


def follow_chains() -> None:
    """Make chains of ministack's Map, Parallel and nested states, which stop with execution and siblings."""
    add_event = stepfunctions._add_event

    def add_next_event(execution: JsonObject, kind: str, details: JsonObject | None = None) -> object:
        # A task that outlives its execution has no more say in its history.
        if kind.startswith("Task") and not is_wanted():
            return None
        with _history:
            return add_event(execution, kind, details)

    stepfunctions._add_event = add_next_event
    stepfunctions._run_sub_machine = _run_sub_machine
    stepfunctions._run_parallel_branches = _run_parallel_branches
    stepfunctions._run_map_items = _run_map(stepfunctions._run_map_items)
    stepfunctions._scaled_sleep = _sleep


def walk(chain: Chain, execution: JsonObject, context: Context) -> object:
    """Take a chain from the state it is in to its end and return its output.

    Raises ministack's _ExecutionError of the state that failed, or NoLongerWantedError.
    """
    token, outer = _inside.set(chain), _context.set(context)
    try:
        while chain.state is not None:
            check_wanted()
            output, following = _execute(chain, execution, context)
            chain.state, chain.value, chain.inner = following, output, None
    finally:
        _inside.reset(token)
        _context.reset(outer)
    return chain.value


def current_context() -> Context:
    """Return the context object of the state that runs in this thread; empty outside an execution."""
    return _context.get({})


def run_again_entirely() -> None:
    """Let a redrive run every iteration or branch of the current state again, also those that succeeded."""
    _inside.get().inner = None


def _execute(chain: Chain, execution: JsonObject, context: Context) -> tuple[object, str | None]:
    name = str(chain.state)
    state = chain.states.get(name)
    if state is None:
        raise stepfunctions._ExecutionError("States.Runtime", f"State '{name}' not found in definition")
    kind = str(state.get("Type"))
    context["State"] = {"Name": name, "EnteredTime": now_iso(), "RetryCount": 0}
    _tell(execution, f"{kind}StateEntered", "stateEntered", name=name, input=json.dumps(chain.value))
    following: str | None = None
    if kind == "Fail":
        raise stepfunctions._ExecutionError(*stepfunctions._fail_state_error(state, chain.value, context))
    if kind == "Succeed":
        output = stepfunctions._apply_input_path(state, chain.value, context)
        output = stepfunctions._apply_output_path(state, output, context)
    elif kind in ("Task", "Map", "Parallel"):
        execute = getattr(stepfunctions, f"_execute_{kind.lower()}")
        output, following = execute(state, chain.value, execution, context)
    elif kind in ("Pass", "Choice", "Wait"):
        execute = getattr(stepfunctions, f"_execute_{kind.lower()}")
        output, following = execute(state, chain.value, context)
    else:
        raise stepfunctions._ExecutionError("States.Runtime", f"Unknown state type: {kind}")
    # What ends after its execution did was aborted: a redrive runs it again.
    check_wanted()
    _tell(execution, f"{kind}StateExited", "stateExited", name=name, output=json.dumps(output))
    return output, following


def _tell(execution: JsonObject, event: str, details: str, **values: object) -> None:
    stepfunctions._add_event(execution, event, {f"{details}EventDetails": values})


def _run_sub_machine(
    states: Mapping[str, JsonObject], start: str, value: object, execution: JsonObject, context: Context
) -> object:
    """Run states that no redrive continues: a Distributed Map's."""
    return walk(Chain(states, start, copy.deepcopy(value)), execution, context)


def _run_parallel_branches(
    state: JsonObject, value: object, execution: JsonObject, context: Context
) -> tuple[object, str | None]:
    branches: Any = state["Branches"]

    def begin() -> list[Chain]:
        given = stepfunctions._apply_input_path(state, value, context)
        given = stepfunctions._apply_parameters(state, given, context)
        return [Chain(branch["States"], branch["StartAt"], copy.deepcopy(given)) for branch in branches]

    chains = _chains(begin, context)
    runs = [lambda chain=chain: walk(chain, execution, dict(context)) for chain in chains]
    return _leave(state, value, _side_by_side(runs, len(runs)), context)


def _run_map(
    run_distributed: Callable[..., tuple[object, str | None]],
) -> Callable[..., tuple[object, str | None]]:
    def run(
        state: JsonObject, value: object, execution: JsonObject, context: Context
    ) -> tuple[object, str | None]:
        processor: Any = state.get("ItemProcessor") or state["Iterator"]
        is_distributed = (processor.get("ProcessorConfig") or {}).get("Mode") == "DISTRIBUTED"
        # Lakeshot has no JSONata; ministack's own loop serves it, without redrive.
        if is_distributed or stepfunctions._state_query_language(state, context) == "JSONata":
            return run_distributed(state, value, execution, context)
        return _run_map_items(state, processor, value, execution, context)

    return run


def _run_map_items(
    state: JsonObject, processor: JsonObject, value: object, execution: JsonObject, context: Context
) -> tuple[object, str | None]:
    name = context["State"]["Name"]
    effective = stepfunctions._apply_input_path(state, value, context)
    items = stepfunctions._resolve_path_or_ctx(state.get("ItemsPath", "$"), effective, context)
    if not isinstance(items, list):
        message = f"Reference path '{state.get('ItemsPath', '$')}' must point to array."
        raise stepfunctions._ExecutionError("States.Runtime", message)
    states: Any = processor["States"]
    contexts = [
        copy.deepcopy(context) | {"Map": {"Item": {"Index": index, "Value": item}}}
        for index, item in enumerate(items)
    ]

    def begin() -> list[Chain]:
        selector = state.get("ItemSelector") or state.get("Parameters")
        given = [
            stepfunctions._resolve_params_obj(selector, effective, own) if selector else item
            for own, item in zip(contexts, items, strict=True)
        ]
        return [Chain(states, str(processor["StartAt"]), copy.deepcopy(one)) for one in given]

    chains = _chains(begin, context)
    _tell(execution, "MapStateStarted", "mapStateStarted", length=len(items))

    def iterate(index: int) -> object:
        chain = chains[index]
        if chain.state is None:
            return chain.value
        check_wanted()
        told = {"name": name, "index": index}
        _tell(execution, "MapIterationStarted", "mapIterationStarted", **told)
        try:
            output = walk(chain, execution, contexts[index])
        except NoLongerWantedError:
            raise
        except Exception:
            _tell(execution, "MapIterationFailed", "mapIterationFailed", **told)
            raise
        _tell(execution, "MapIterationSucceeded", "mapIterationSucceeded", **told)
        return output

    runs = [lambda index=index: iterate(index) for index in range(len(chains))]
    outputs = _side_by_side(runs, int(str(state.get("MaxConcurrency") or 0)) or len(runs))
    return _leave(state, value, outputs, context)


def _chains(begin: Callable[[], list[Chain]], context: Context) -> list[Chain]:
    """Return the current state's chains as an earlier attempt of the execution left them, or new ones.

    The state's own Retry begins all of them anew.
    """
    owner = _inside.get()
    if owner.inner is None or context["State"]["RetryCount"] > 0:
        owner.inner = begin()
    return owner.inner


def _side_by_side(runs: Sequence[Callable[[], object]], at_once: int) -> list[object]:
    """Run all and return their results in order; the first failure stops the others and is raised at once."""
    if not runs:
        return []
    failures: list[Exception] = []

    def run(one: Callable[[], object]) -> object:
        try:
            return one()
        except Exception as error:
            failures.append(error)
            raise

    with wanted_while(lambda: not failures):
        pool = ThreadPoolExecutor(max_workers=at_once)
        # Account, region, role and conditions are in the context; a context serves one thread.
        futures = [pool.submit(copy_context().run, run, one) for one in runs]
        wait(futures, return_when=FIRST_EXCEPTION)
        pool.shutdown(wait=False, cancel_futures=True)
    if failures:
        raise failures[0]
    return [future.result() for future in futures]


def _leave(state: JsonObject, value: object, result: object, context: Context) -> tuple[object, str | None]:
    selected = stepfunctions._apply_result_selector(state, result)
    output = stepfunctions._apply_result_path(state, value, selected)
    output = stepfunctions._apply_output_path(state, output, context)
    return output, stepfunctions._next_or_end(state)


def _sleep(seconds: float) -> None:
    """Wait, scaled, and give up with the execution; ministack would sleep to the end."""
    deadline = time.monotonic() + seconds * stepfunctions._SFN_WAIT_SCALE
    while (left := deadline - time.monotonic()) > 0:
        check_wanted()
        time.sleep(min(left, SLEEP_SLICE_SECONDS))
