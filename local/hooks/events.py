"""EventBridge and Scheduler targets: whose permission a delivery needs, and the scheduler's own words."""

import json
import re
import uuid
from datetime import UTC, datetime

from ministack.core import iam_evaluator
from ministack.core.responses import get_account_id, get_region
from ministack.services import eventbridge, lambda_svc, scheduler

from local.hooks.identity import AccessDeniedError, Credentials, authorize, role_credentials
from local.hooks.operations import JsonObject

ROLE_ACTIONS = {
    "states": "states:StartExecution",
    "sqs": "sqs:SendMessage",
    "lambda": "lambda:InvokeFunction",
}
CONTEXT_ATTRIBUTE = re.compile(r"<aws\.scheduler\.(schedule-arn|scheduled-time|execution-id|attempt-number)>")
"""https://docs.aws.amazon.com/scheduler/latest/UserGuide/managing-schedule-context-attributes.html"""


def enforce_target_permissions(schedule_tick_seconds: float) -> None:
    """Deliver to a target only what its role, or a Lambda's resource policy, allows.

    A schedule's context attributes are filled in, and a delivery that is refused goes to the schedule's
    dead-letter queue under the same role, as on AWS. Schedules are looked at every ``schedule_tick_seconds``.
    """
    invoke = eventbridge._invoke_target
    scheduler._SCHEDULE_TICK_INTERVAL = schedule_tick_seconds

    def invoke_target(target: JsonObject, event: JsonObject, rule: JsonObject, view: object = None) -> None:
        scheduled = event["Source"] == "aws.scheduler"
        if scheduled and "Input" in target:
            target = target | {"Input": _fill_context(str(target["Input"]), rule, event)}
        service = "scheduler.amazonaws.com" if scheduled else "events.amazonaws.com"
        role: Credentials | None = None
        # AWS's own services call each other over TLS, which queue policies may demand.
        iam_evaluator.pin_request_origin("127.0.0.1", True)
        try:
            if "RoleArn" in target:
                role = role_credentials(
                    str(target["RoleArn"]), "delivery", service=service, source_arn=str(rule["Arn"])
                )
            _authorize(target, role, rule)
        except AccessDeniedError as denied:
            eventbridge.logger.error("target %s not delivered: %s", target["Arn"], denied)
            _bury(target, role, denied)
            return
        invoke(target, event, rule, view)

    eventbridge._invoke_target = invoke_target


def invoke_functions_of_rules_again() -> None:
    """Let a function that a rule invokes be tried twice more, as any asynchronous invocation is.

    ministack invokes it once and forgets its failure.
    https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-error-handling.html
    """

    def dispatch_to_lambda(arn: str, payload: str) -> None:
        function, _, name = lambda_svc._get_func_record_for_ref(arn)
        if function is None:
            eventbridge.logger.warning("function %s of a rule does not exist", name)
            return
        lambda_svc.invoke_async_with_retry(function, json.loads(payload))

    eventbridge._dispatch_to_lambda = dispatch_to_lambda


def _fill_context(text: str, schedule: JsonObject, event: JsonObject) -> str:
    moment = datetime.fromtimestamp(float(str(event["Time"])), UTC).replace(microsecond=0)
    values = {
        "schedule-arn": str(schedule["Arn"]),
        "scheduled-time": moment.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "execution-id": str(uuid.uuid4()),
        "attempt-number": "1",
    }
    return CONTEXT_ATTRIBUTE.sub(lambda match: values[match[1]], text)


def _authorize(target: JsonObject, role: Credentials | None, rule: JsonObject) -> None:
    arn = str(target["Arn"])
    kind = arn.split(":")[2]
    if role is not None:
        if kind in ROLE_ACTIONS:
            authorize(role, ROLE_ACTIONS[kind], arn)
    elif kind == "lambda":
        _authorize_rule(arn, str(rule["Arn"]))


def _authorize_rule(function_arn: str, rule_arn: str) -> None:
    policy, _ = lambda_svc.function_policy_for_arn(function_arn) or (None, None)
    context = iam_evaluator.EvalContext(
        principal_arn="",
        principal_type="Service",
        principal_account=get_account_id(),
        action="lambda:InvokeFunction",
        resource_arn=function_arn,
        region=get_region(),
        service_context={"aws:sourcearn": rule_arn, "aws:sourceaccount": get_account_id()},
    )
    decision = iam_evaluator.evaluate_resource_policy(policy, context, "events.amazonaws.com").decision
    if decision != "Allow":
        raise AccessDeniedError(
            f"events.amazonaws.com is not authorized to perform: lambda:InvokeFunction on resource: "
            f"{function_arn} because no resource-based policy allows it for {rule_arn}"
        )


def _bury(target: JsonObject, role: Credentials | None, denied: AccessDeniedError) -> None:
    """Send what could not be delivered to the target's dead-letter queue."""
    queue = target.get("DeadLetterConfig")
    if role is None or not isinstance(queue, dict):
        return
    queue_arn = str(queue["Arn"])
    try:
        authorize(role, "sqs:SendMessage", queue_arn)
    except AccessDeniedError as unburied:
        eventbridge.logger.error("dead-letter queue %s not written: %s", queue_arn, unburied)
        return
    payload = str(target.get("Input", "{}"))
    eventbridge._dispatch_to_sqs(eventbridge.parse_arn(queue_arn), payload)
    eventbridge.logger.warning("sent to %s: %s", queue_arn, denied)
