"""Reference paths and terminal errors as Step Functions has them; ministack resolves a missing path to null.

https://docs.aws.amazon.com/step-functions/latest/dg/concepts-error-handling.html
"""

import json
from typing import Any

from ministack.services import stepfunctions

from local.hooks.interpreter import Context, current_context
from local.hooks.operations import JsonObject


def fail_on_missing_paths() -> None:
    """Let a path that finds nothing end the execution, and let no Retry or Catch take up a terminal error.

    States.Runtime always ends an execution; States.DataLimitExceeded is caught by its own name only.
    """
    resolve, evaluate = stepfunctions._resolve_params_obj, stepfunctions._eval_intrinsic_arg
    matches = stepfunctions._error_matches

    def resolve_template(template: object, data: object, context: Context | None = None) -> object:
        # ministack gives no context object to ResultSelector; nested templates come here by themselves.
        context = current_context() if context is None else context
        for field, path in template.items() if isinstance(template, dict) else ():
            if field.endswith(".$") and isinstance(path, str) and path.startswith("$"):
                _check(path, f"specified for the field '{field}'", data, context)
        return resolve(template, data, context)

    def evaluate_argument(argument: tuple[Any, ...], data: object, context: Context | None) -> object:
        kind, *values = argument
        if kind == "path":
            _check(str(values[0]), "given to an intrinsic function", data, context or {})
        return evaluate(argument, data, context)

    def error_matches(names: list[str], error: str) -> bool:
        if error == "States.Runtime":
            return False
        if error == "States.DataLimitExceeded":
            return error in names
        return bool(matches(names, error))

    stepfunctions._resolve_params_obj = resolve_template
    stepfunctions._eval_intrinsic_arg = evaluate_argument
    stepfunctions._error_matches = error_matches


def _check(path: str, what: str, data: object, context: Context) -> None:
    given, below = (context, path[1:]) if path.startswith("$$.") else (data, path)
    if not _finds(below, given):
        message = f"The JSONPath '{path}' {what} could not be found in the input '{json.dumps(data)}'"
        raise stepfunctions._ExecutionError("States.Runtime", message)


def _finds(path: str, data: object) -> bool:
    """Whether a path leads somewhere; one with ``[*]`` always does, to a list."""
    for kind, value in stepfunctions._parse_jsonpath_tokens(path) or ():
        if kind == "wildcard":
            return True
        if kind == "index":
            if not isinstance(data, list):
                return False
            data = data[value] if value < len(data) else None
        else:
            if not isinstance(data, dict) or value not in data:
                return False
            found: JsonObject = data
            data = found[value]
    return True
