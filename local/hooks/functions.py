"""Lambda's errors as AWS tells them: by the class of the exception that the function raised."""

import re

from ministack.services import lambda_svc

_UNNAMED = "Runtime.HandlerError"
_RAISED = re.compile(r"^(?:[A-Za-z_]\w*\.)*(?P<name>[A-Za-z_]\w*)(?::|$)")


def name_function_errors() -> None:
    """Put the exception's class into ``errorType``, where ministack has one name for every exception.

    https://docs.aws.amazon.com/lambda/latest/dg/python-exceptions.html
    """
    execute = lambda_svc._execute_function_warm

    def execute_function(function: dict[str, object], event: object, request_id: str) -> dict[str, object]:
        result: dict[str, object] = execute(function, event, request_id)
        body = result.get("body")
        if result.get("error") and isinstance(body, dict) and body.get("errorType") == _UNNAMED:
            message = str(body.get("errorMessage"))
            body["errorType"] = raised(str(result.get("log")), message) or _UNNAMED
        return result

    lambda_svc._execute_function_warm = execute_function


def raised(log: str, message: str) -> str | None:
    """Return the class of the exception whose traceback ends ``log`` with ``message``; None without one."""
    ending = message.splitlines()[0] if message else ""
    for line in reversed(log.splitlines()):
        found = _RAISED.match(line)
        if found and line.endswith(ending):
            return found["name"]
    return None
