"""Roles of clusters and instances, which ministack's RDS leaves out.

https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_AddRoleToDBCluster.html
"""

import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from urllib.parse import parse_qs

from ministack.services import rds

from local.hooks.identity import (
    AccessDeniedError,
    Credentials,
    authorize,
    caller_credentials,
    role_credentials,
)
from local.hooks.operations import JsonObject, Response, ServiceError, ServiceHandler, wrap_service

SERVICE = "rds.amazonaws.com"
PENDING_SECONDS = 1.0
"""How long an association takes; on AWS a few minutes."""
_ROLES = "AssociatedRoles"
OPERATION = "LakeshotCredentialsOfDatabase"
"""Not one of AWS's, where a database takes its role's credentials unseen."""


@dataclass(frozen=True)
class Kind:
    """Clusters or instances, as the API's names have them."""

    noun: str
    missing: str
    found: Callable[[str], JsonObject | None]

    def roles(self, form: Mapping[str, str]) -> tuple[str, list[JsonObject]]:
        """ARN and roles of what a request names; ServiceError if it is not there."""
        identifier = form.get(f"{self.noun}Identifier", "")
        there = self.found(identifier)
        if there is None:
            raise ServiceError(self.missing, f"{self.noun} {identifier} not found.")
        kept: list[JsonObject] = there.setdefault(_ROLES, [])  # type: ignore[assignment]
        return str(there[f"{self.noun}Arn"]), kept

    def add(self, form: Mapping[str, str]) -> None:
        """Associate a role for a feature, of which each has one."""
        arn, roles = self.roles(form)
        wanted = {"RoleArn": form["RoleArn"], "FeatureName": form.get("FeatureName", "")}
        for one in roles:
            if wanted.items() <= one.items() or wanted["FeatureName"] == one["FeatureName"]:
                raise ServiceError(
                    f"{self.noun}RoleAlreadyExists",
                    f"The IAM role ARN {one['RoleArn']} is already associated with {arn} for the feature "
                    f"{one['FeatureName']}.",
                )
        roles.append({**wanted, "Source": arn, "Active": time.monotonic() + PENDING_SECONDS})

    def remove(self, form: Mapping[str, str]) -> None:
        """End an association."""
        arn, roles = self.roles(form)
        for one in roles:
            if (one["RoleArn"], one["FeatureName"]) == (form["RoleArn"], form.get("FeatureName", "")):
                roles.remove(one)
                return
        raise ServiceError(
            f"{self.noun}RoleNotFound", f"The IAM role ARN {form['RoleArn']} is not associated with {arn}."
        )


CLUSTERS = Kind("DBCluster", "DBClusterNotFoundFault", rds._clusters.get)
INSTANCES = Kind("DBInstance", "DBInstanceNotFound", rds._instances.get)
_OPERATIONS = {
    f"{verb}{kind.noun}": (kind, answer)
    for kind in (CLUSTERS, INSTANCES)
    for verb, answer in (("AddRoleTo", Kind.add), ("RemoveRoleFrom", Kind.remove))
}


def supply_database_roles() -> None:
    """Serve the four operations, whose callers have to be allowed to pass the role, and tell the roles."""
    wrap_service("rds", _with_roles)
    for kind, name in ((CLUSTERS, "_cluster_xml"), (INSTANCES, "_instance_xml")):
        setattr(rds, name, _telling(kind, getattr(rds, name)))


def _with_roles(original: ServiceHandler) -> ServiceHandler:
    async def handler(
        method: str, path: str, headers: dict[str, str], body: bytes, query: Mapping[str, list[str]]
    ) -> Response:
        form = {name: values[0] for name, values in {**query, **parse_qs(body.decode())}.items()}
        operation = form.get("Action", "")
        if operation == OPERATION:
            return _credentials(caller_credentials(headers), form)
        if operation not in _OPERATIONS:
            return await original(method, path, headers, body, query)
        kind, answer = _OPERATIONS[operation]
        try:
            passed = {"iam:PassedToService": SERVICE}
            authorize(caller_credentials(headers), "iam:PassRole", form["RoleArn"], passed)
            answer(kind, form)
        except AccessDeniedError as denied:
            response = _denied(str(denied))
        except ServiceError as error:
            response = rds._error(error.code, error.message, 404 if "NotFound" in error.code else 400)
        else:
            response = rds._xml(200, f"{operation}Response", "")
        return response

    return handler


def _credentials(caller: Credentials, form: Mapping[str, str]) -> Response:
    """What a database acts with under its role; told to the account's root, who starts the server here."""
    if not caller.principal_arn.endswith(":root"):
        return _denied(f"{caller.principal_arn} is no database of the embedded cloud")
    source = form.get("SourceArn") or None
    try:
        given = role_credentials(form["RoleArn"], "s3Export", service=SERVICE, source_arn=source)
    except AccessDeniedError as denied:
        return _denied(str(denied))
    keys = {
        "AccessKeyId": given.access_key_id,
        "SecretAccessKey": given.secret_access_key,
        "SessionToken": given.session_token,
    }
    return 200, {"Content-Type": "application/json"}, json.dumps(keys).encode()


def _denied(why: str) -> Response:
    response: Response = rds._error("AccessDenied", why, 403)
    return response


def _telling(kind: Kind, render: Callable[[JsonObject], str]) -> Callable[[JsonObject], str]:
    def rendered(found: JsonObject) -> str:
        roles: list[JsonObject] = found.get(_ROLES) or []  # type: ignore[assignment]
        told = "".join(
            f"<{kind.noun}Role><RoleArn>{one['RoleArn']}</RoleArn><FeatureName>{one['FeatureName']}"
            f"</FeatureName><Status>{_state(one)}</Status></{kind.noun}Role>"
            for one in roles
        )
        return render(found).replace("<AssociatedRoles/>", f"<AssociatedRoles>{told}</AssociatedRoles>")

    return rendered


def _state(association: JsonObject) -> str:
    if time.monotonic() < float(str(association["Active"])):
        return "PENDING"
    try:
        role_credentials(
            str(association["RoleArn"]), "s3Export", service=SERVICE, source_arn=str(association["Source"])
        )
    except AccessDeniedError:
        return "INVALID"
    return "ACTIVE"
