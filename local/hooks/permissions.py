"""IAM as AWS has it where ministack is coarser: Glue's resources, and denials that name the resource."""

import json
import re

from ministack.core import iam_actions, iam_evaluator
from ministack.services import athena

from local.hooks.operations import JsonObject

NAMED = ("Crawler", "Job", "Connection")
"""What Glue's operations of one resource hold, and so begins what names it: ``CrawlerName``."""
SESSION_ARN = re.compile(r"arn:([^:]+):sts::(\d+):assumed-role/([^/]+)/.+")


def name_resources_in_denials() -> None:
    """Let every denial end in ``on resource: <arn>``, as AWS's do; ministack names it for few services."""
    respond = iam_actions.access_denied_response

    def access_denied_response(
        service: str, action: str, principal_arn: str, request_id: str, **details: object
    ) -> object:
        if not details.get("message") and not details.get("error_code"):
            arn, explicit = str(details.get("resource_arn", "*")), bool(details.get("explicit_deny"))
            details["message"] = iam_actions.identity_denial_message(action, principal_arn, arn, explicit)
        return respond(service, action, principal_arn, request_id, **details)

    iam_actions.access_denied_response = access_denied_response


def know_sessions_by_their_role() -> None:
    """Let ``aws:PrincipalArn`` of a role's session be the role's ARN; ministack has the session's there.

    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html#condition-keys-principalarn
    """
    resolve = iam_evaluator._resolve_condition_key

    def resolve_condition_key(key: str, context: iam_evaluator.EvalContext) -> object:
        value = resolve(key, context)
        if key.lower() != "aws:principalarn" or not isinstance(value, str):
            return value
        return SESSION_ARN.sub(r"arn:\1:iam::\2:role/\3", value)

    iam_evaluator._resolve_condition_key = resolve_condition_key


def check_export_resources() -> None:
    """Check DynamoDB's export calls on the table or export they name by ARN; ministack has ``*`` for them.

    https://docs.aws.amazon.com/service-authorization/latest/reference/list_dynamodb.html
    """
    resource_arns = iam_actions.dynamodb_resource_arns

    def dynamodb_resource_arns(body: bytes, region: str, account: str) -> list[str]:
        try:
            content = json.loads(body or b"{}")
        except ValueError:
            return []
        for member in ("ExportArn", "TableArn"):
            if isinstance(content, dict) and isinstance(content.get(member), str):
                return [content[member]]
        known: list[str] = resource_arns(body, region, account)
        return known

    iam_actions.dynamodb_resource_arns = dynamodb_resource_arns


def check_glue_resources() -> None:
    """Check a Glue call on its crawler, job, connection or table, and on the catalog and database above.

    Calls about one Athena query are checked on the workgroup it was started in.
    https://docs.aws.amazon.com/glue/latest/dg/glue-specifying-resource-arns.html
    """
    extract, enforce = iam_actions.extract_resource_arn, iam_evaluator.enforce

    def extract_resource_arn(service: str, *request: object) -> object:
        _method, _path, headers, body, _query, region, account = request
        if (
            service not in ("athena", "glue")
            or not isinstance(headers, dict)
            or "x-amz-target" not in headers
        ):
            return extract(service, *request)
        operation = headers["x-amz-target"].rsplit(".", 1)[-1]
        content = json.loads(body) if isinstance(body, bytes) and body else {}
        arn = f"arn:aws:{service}:{region}:{account}"
        if service == "athena":
            started = athena._executions.get(content.get("QueryExecutionId"))
            return f"{arn}:workgroup/{started['WorkGroup']}" if started else extract(service, *request)
        return f"{arn}:{glue_resource(operation, content)}"

    def enforce_with_parents(
        access_key_id: str, action: str, service: str, region: str, resource_arn: str = "*", **context: object
    ) -> object:
        arns = _with_parents(resource_arn) if service == "glue" else [resource_arn]
        denials = (enforce(access_key_id, action, service, region, arn, **context) for arn in arns)
        return next((denial for denial in denials if denial), None)

    iam_actions.extract_resource_arn = extract_resource_arn
    iam_evaluator.enforce = enforce_with_parents


def glue_resource(operation: str, request: JsonObject) -> str:
    """Name what a Glue operation acts on, as the last part of its ARN (``table/lakeshot/reviews``)."""
    for kind in NAMED:
        if kind in operation:
            return f"{kind.lower()}/{request.get(f'{kind}Name') or _named(request, f'{kind}Input') or '*'}"
    database = request.get("DatabaseName")
    if operation.endswith("Tables"):
        return f"table/{database}/*"
    if "Table" in operation or "Partition" in operation:
        return f"table/{database}/{_named(request, 'TableInput') or request.get('TableName')}"
    if operation.endswith("Database"):
        return f"database/{_named(request, 'DatabaseInput')}"
    return "catalog"


def _named(request: JsonObject, input_field: str) -> object:
    given = request.get(input_field)
    return request.get("Name") or (given.get("Name") if isinstance(given, dict) else None)


def _with_parents(arn: str) -> list[str]:
    prefix, _, resource = arn.rpartition(":")
    kind, *path = resource.split("/")
    if kind == "table":
        return [arn, f"{prefix}:database/{path[0]}", f"{prefix}:catalog"]
    if kind in ("database", "connection"):
        return [arn, f"{prefix}:catalog"]
    return [arn]
