"""Building blocks of a state machine in Amazon States Language.

Parameters and paths are made from the fields of the models that the functions parse their input with,
so a field that is renamed fails at synth instead of in the middle of a run.
"""

from collections.abc import Mapping, Sequence
from typing import Any, get_args

from lakeshot.model import Model

State = dict[str, Any]
REDRIVE = "$$.Execution.RedriveCount"
"""How often the execution was redriven; 0 before the first time (Step Functions, context object)."""

LAMBDA_BUSY = "Lambda.TooManyRequestsException"
"""The account runs as many functions as it may."""
LAMBDA_TRANSIENT = (
    "Lambda.ServiceException",
    "Lambda.AWSLambdaException",
    "Lambda.SdkClientException",
    "Lambda.ClientExecutionTimeoutException",
)
"""What the Lambda service itself may fail with; a function's own errors are never among them."""


def path(model: type[Model], *fields: str, root: str = "$") -> str:
    """The path to a field of ``model``, followed through its nested models, below ``root``."""
    here: Any = model
    for field in fields:
        if field not in here.model_fields:
            raise ValueError(f"{here.__name__} has no field {field!r}; it has {', '.join(here.model_fields)}")
        here = here.model_fields[field].annotation
    return ".".join([root, *fields])


def parameters(model: type[Model], **paths: str | Mapping[str, str]) -> State:
    """Parameters with which ``model`` can be parsed: a path, or nested parameters, for each field."""
    unknown = paths.keys() - model.model_fields.keys()
    missing = {name for name, field in model.model_fields.items() if field.is_required()} - paths.keys()
    if unknown or missing:
        raise ValueError(
            f"{model.__name__}: not its fields: {sorted(unknown)}, without a value: {sorted(missing)}"
        )
    return dict(_parameter(model, name, value) for name, value in paths.items())


def _parameter(model: type[Model], name: str, value: str | Mapping[str, str]) -> tuple[str, Any]:
    field = model.model_fields[name]
    key = field.alias or name
    if isinstance(value, str) and value.startswith(("$", "States.")):
        return f"{key}.$", value
    if isinstance(value, str) and value not in get_args(field.annotation):
        raise ValueError(f"{model.__name__}.{name} cannot be {value!r}")
    return key, value


def retry(
    *errors: str, seconds: int = 2, attempts: int = 5, rate: float = 2.0, longest_seconds: int = 60
) -> State:
    """Try again after errors, with growing waits of which full jitter makes half as much on average."""
    return {
        "ErrorEquals": list(errors),
        "IntervalSeconds": seconds,
        "MaxAttempts": attempts,
        "BackoffRate": rate,
        "MaxDelaySeconds": longest_seconds,
        "JitterStrategy": "FULL",
    }


def wait_for(*errors: str, seconds: int, longest_seconds: int, attempts: int) -> State:
    """Try again after waits that grow by half, for what needs its time rather than another chance."""
    return {
        "ErrorEquals": list(errors),
        "IntervalSeconds": seconds,
        "MaxAttempts": attempts,
        "BackoffRate": 1.5,
        "MaxDelaySeconds": longest_seconds,
    }


def give_up(*errors: str) -> State:
    """Do not try again after these errors, whatever the retriers that follow say."""
    return {"ErrorEquals": list(errors), "MaxAttempts": 0}


def task(
    resource: str,
    given: State,
    *,
    timeout_seconds: int,
    retries: Sequence[State],
    catch: State | None,
    result: State,
    then: str | None,
) -> State:
    """A task; ``result`` says what becomes of its result, and no ``then`` ends the execution."""
    return {
        "Type": "Task",
        "Resource": resource,
        "Parameters": given,
        "TimeoutSeconds": timeout_seconds,
        "Retry": list(retries),
        **({"Catch": [catch]} if catch else {}),
        **result,
        **({"Next": then} if then else {"End": True}),
    }


NOTHING: State = {"ResultPath": None}
"""The result is dropped and the state's input passed on."""


def keep(where: str, selector: Mapping[str, object] | None = None) -> State:
    """The result, or what ``selector`` takes of it, is added to the state at the path ``where``."""
    return {"ResultPath": where, **({"ResultSelector": dict(selector)} if selector else {})}


def answer(model: type[Model]) -> Mapping[str, str]:
    """Selects the fields of ``model`` from a function's answer."""
    return {f"{name}.$": f"$.Payload.{name}" for name in model.model_fields}
