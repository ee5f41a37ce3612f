"""Step Functions: integrations it lacks, and the state machine's role on every call its states make."""

import uuid
from collections.abc import Callable
from contextvars import ContextVar
from dataclasses import dataclass
from time import monotonic

from ministack import app
from ministack.core import iam_evaluator
from ministack.core.responses import get_account_id, get_region
from ministack.services import lambda_svc, stepfunctions

from local.hooks.identity import AccessDeniedError, Credentials, authorize, role_credentials
from local.hooks.operations import JsonObject, Response, ServiceHandler
from local.hooks.wanted import NoLongerWantedError, check_wanted, wanted_while

Integration = Callable[[str, JsonObject], object]


class TaskFailedError(Exception):
    """A task's failure as a state machine sees it: Retry and Catch match ``error``; ``cause`` is text."""

    def __init__(self, error: str, cause: str) -> None:
        super().__init__(f"{error}: {cause}")
        self.error = error
        self.cause = cause


@dataclass(frozen=True)
class _Acting:
    """The state machine's role of the execution whose states run in this thread."""

    role: Credentials


_acting: ContextVar[_Acting | None] = ContextVar("lakeshot_acting_execution", default=None)


@dataclass(frozen=True)
class Task:
    """One call of an integration: the state's parameters, and the state machine's role to act as.

    ``waits`` tells the ``.sync`` form, which ends when the started work does.
    """

    parameters: JsonObject
    role: Credentials
    region: str
    waits: bool


def register_integration(resource: str, integrate: Callable[[Task], JsonObject]) -> None:
    """Serve ``arn:aws:states:::glue:startJobRun`` and its ``.sync`` form.

    ``integrate`` may block, and should give up by ``check_wanted()``. It raises TaskFailedError.
    """

    def serve(called: str, parameters: JsonObject) -> object:
        acting = _acting.get()
        if acting is None:
            raise stepfunctions._ExecutionError("States.Runtime", f"{resource} ran outside an execution")
        try:
            return integrate(Task(parameters, acting.role, get_region(), called.endswith(".sync")))
        except TaskFailedError as failure:
            raise stepfunctions._ExecutionError(failure.error, failure.cause) from failure

    stepfunctions._SERVICE_DISPATCH[resource] = serve


def enforce_state_machine_roles() -> None:
    """Make every call of an execution's states that of its state machine's role, with IAM enforced.

    ministack calls its services directly, as root.
    """
    run, with_timeout = stepfunctions._run_execution, stepfunctions._invoke_resource_with_timeout
    call_service, call_lambda = app.call_service_handler_sync, stepfunctions._call_lambda

    def run_execution(execution_arn: str) -> None:
        execution = stepfunctions._executions[execution_arn]
        machine = stepfunctions._state_machines[execution["stateMachineArn"]]
        try:
            role = role_credentials(
                machine["roleArn"],
                execution["name"][:64],
                service="states.amazonaws.com",
                source_arn=machine["stateMachineArn"],
            )
        except AccessDeniedError as denied:
            stepfunctions._fail_execution(execution, "States.Runtime", str(denied))
            return
        _acting.set(_Acting(role))
        run(execution_arn)

    def invoke_with_timeout(resource: str, parameters: JsonObject, timeout_seconds: float) -> object:
        deadline = monotonic() + timeout_seconds
        try:
            with wanted_while(lambda: monotonic() < deadline):
                return with_timeout(resource, parameters, timeout_seconds)
        except NoLongerWantedError:
            check_wanted()
            raise stepfunctions._ExecutionError("States.Timeout", "the state's time is up") from None

    def call_service_as_role(
        handler: ServiceHandler, method: str, path: str, headers: dict[str, str], *request: object
    ) -> object:
        acting = _acting.get()
        if acting is None:
            return call_service(handler, method, path, headers, *request)

        async def dispatch(*request: object) -> Response:
            response: Response = await app._dispatch_service_request(*request, str(uuid.uuid4()))
            return response

        # AWS's own services call each other over TLS, which bucket policies may demand.
        iam_evaluator.pin_request_origin("127.0.0.1", True)
        key = f"={acting.role.access_key_id}/"
        signed = headers | {"authorization": headers["authorization"].replace("=test/", key)}
        body, *rest = request
        content = body.encode() if isinstance(body, str) else body
        return call_service(dispatch, method, path, signed, content, *rest)

    def call_lambda_as_role(function: str, event: object) -> object:
        acting = _acting.get()
        if acting is not None:
            _, config, name = lambda_svc._get_func_record_for_ref(function)
            arn = function if function.startswith("arn:") else (config or {}).get("FunctionArn", name)
            authorize(acting.role, "lambda:InvokeFunction", arn)
        return call_lambda(function, event)

    stepfunctions._run_execution = run_execution
    stepfunctions._invoke_resource_with_timeout = invoke_with_timeout
    app.call_service_handler_sync = call_service_as_role
    stepfunctions._call_lambda = _denials_as("Lambda.AWSLambdaException", call_lambda_as_role)
    for resource, (error, action, target) in OPTIMIZED.items():
        dispatch = stepfunctions._SERVICE_DISPATCH
        dispatch[resource] = _denials_as(error, _authorized(dispatch[resource], action, target))


def _denials_as(error: str, call: Callable[..., object]) -> Callable[..., object]:
    def guarded(*arguments: object) -> object:
        try:
            return call(*arguments)
        except AccessDeniedError as denied:
            raise stepfunctions._ExecutionError(error, str(denied)) from denied

    return guarded


def _authorized(serve: Integration, action: str, target: Callable[[JsonObject], str]) -> Integration:
    def checked(resource: str, parameters: JsonObject) -> object:
        acting = _acting.get()
        if acting is not None:
            authorize(acting.role, action, target(parameters))
        return serve(resource, parameters)

    return checked


def _table_arn(parameters: JsonObject) -> str:
    table = str(parameters["TableName"])
    if table.startswith("arn:"):
        return table
    return f"arn:aws:dynamodb:{get_region()}:{get_account_id()}:table/{table}"


OPTIMIZED: dict[str, tuple[str, str, Callable[[JsonObject], str]]] = {
    "arn:aws:states:::sns:publish": (
        "SNS.AuthorizationErrorException",
        "sns:Publish",
        lambda parameters: str(parameters["TopicArn"]),
    ),
} | {
    f"arn:aws:states:::dynamodb:{verb}Item": (
        "DynamoDB.AccessDeniedException",
        f"dynamodb:{verb.title()}Item",
        _table_arn,
    )
    for verb in ("get", "put", "update", "delete")
}
