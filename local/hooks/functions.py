"""Lambda's errors as AWS tells them: by the exception's class, and to a destination that the role may use."""

import re

from ministack.services import lambda_svc

from local.hooks.identity import AccessDeniedError, authorize, role_credentials
from local.hooks.operations import JsonObject

DESTINATION_ACTIONS = {
    "events": "events:PutEvents",
    "lambda": "lambda:InvokeFunction",
    "sns": "sns:Publish",
    "sqs": "sqs:SendMessage",
}

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


def send_failures_as_the_function() -> None:
    """Send an asynchronous invocation that failed to its destination only if the function's role may.

    https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-retain-records.html
    """
    route = lambda_svc._route_async_failure

    def route_failure(target_arn: str, name: str, event: object, result: JsonObject) -> None:
        config = lambda_svc._functions[name]["config"]
        try:
            role = role_credentials(config["Role"], name, service="lambda.amazonaws.com")
            authorize(role, DESTINATION_ACTIONS[target_arn.split(":")[2]], target_arn)
        except AccessDeniedError as denied:
            lambda_svc.logger.error("failure of %s not sent to %s: %s", name, target_arn, denied)
            return
        route(target_arn, name, event, result)

    lambda_svc._route_async_failure = route_failure


def raised(log: str, message: str) -> str | None:
    """Return the class of the exception whose traceback ends ``log`` with ``message``; None without one."""
    ending = message.splitlines()[0] if message else ""
    for line in reversed(log.splitlines()):
        found = _RAISED.match(line)
        if found and line.endswith(ending):
            return found["name"]
    return None
