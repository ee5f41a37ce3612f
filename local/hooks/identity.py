"""Who acts: temporary credentials of a role, the caller of a request, and what either may do."""

import json
import time
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

import boto3
import botocore.session
from botocore.loaders import Loader, create_loader
from ministack.core import iam_actions, iam_evaluator
from ministack.core.responses import get_region
from ministack.core.router import extract_access_key_id
from ministack.services import iam, sts

SESSION_SECONDS = 12 * 3600


class AccessDeniedError(Exception):
    """A principal lacks a permission; the message is AWS's, naming principal, action and resource."""


@dataclass(frozen=True)
class Credentials:
    """An access key and the principal it belongs to; ``session_token`` is empty for lasting keys."""

    access_key_id: str
    secret_access_key: str
    session_token: str
    principal_arn: str

    def environment(self) -> dict[str, str]:
        """Return the ``AWS_*`` variables that make a process act as this principal."""
        variables = {
            "AWS_ACCESS_KEY_ID": self.access_key_id,
            "AWS_SECRET_ACCESS_KEY": self.secret_access_key,
        }
        if self.session_token:
            variables["AWS_SESSION_TOKEN"] = self.session_token
        return variables

    def session(self, region: str) -> boto3.Session:
        """Return a boto3 session that acts as this principal."""
        core = botocore.session.get_session()
        session = boto3.Session(
            aws_access_key_id=self.access_key_id,
            aws_secret_access_key=self.secret_access_key,
            aws_session_token=self.session_token or None,
            region_name=region,
            botocore_session=core,
        )
        core.register_component("data_loader", _service_models())
        return session


@cache
def _service_models() -> Loader:
    """What clients are made from, read once: a model takes tenths of a second, in which all else waits."""
    return create_loader()


def role_credentials(
    role_arn: str, session_name: str, *, service: str, source_arn: str | None = None
) -> Credentials:
    """Obtain temporary credentials of a role as the AWS service ``service`` (``glue.amazonaws.com``) does.

    Call it in a request's thread or one that copied its context. Raises AccessDeniedError when the role does
    not exist or its trust policy does not let this service (with this ``aws:SourceArn``) assume it.
    """
    account = role_arn.split(":")[4]
    name = role_arn.rsplit("/", 1)[-1]
    role = iam._roles.get_scoped(account, None, name)
    if role is None or not _trusts(role["AssumeRolePolicyDocument"], service, account, source_arn):
        message = f"User: {service} is not authorized to perform: sts:AssumeRole on resource: {role_arn}"
        raise AccessDeniedError(message)
    credentials = Credentials(
        access_key_id=iam._gen_session_access_key(),
        secret_access_key=iam._gen_secret(),
        session_token=iam._gen_session_token(),
        principal_arn=f"arn:aws:sts::{account}:assumed-role/{name}/{session_name}",
    )
    sts.register_session(
        credentials.access_key_id,
        {
            "Arn": credentials.principal_arn,
            "UserId": f"{role['RoleId']}:{session_name}",
            "SecretAccessKey": credentials.secret_access_key,
            "SessionToken": credentials.session_token,
            "Expiration": time.time() + SESSION_SECONDS,
            "AccountId": account,
            "PrincipalType": "AssumedRole",
        },
    )
    return credentials


def _trusts(policy: str, service: str, account: str, source_arn: str | None) -> bool:
    statements = json.loads(policy)["Statement"]
    # ministack lets any Service principal match an account's root: show it this service's statements only.
    named = [
        statement
        for statement in (statements if isinstance(statements, list) else [statements])
        if iam_evaluator._service_principal_matches(statement.get("Principal"), service)
    ]
    root = f"arn:aws:iam::{account}:root"
    source = {"aws:sourceaccount": account} | ({"aws:sourcearn": source_arn} if source_arn else {})
    context = iam_evaluator.EvalContext(
        principal_arn=root,
        principal_type="Root",
        principal_account=account,
        action="sts:AssumeRole",
        resource_arn="*",
        region=get_region(),
        service_context=source,
    )
    return bool(iam_evaluator.evaluate_trust_policy({"Statement": named}, root, context))


def caller_credentials(headers: Mapping[str, str]) -> Credentials:
    """Return the credentials a request was signed with. Raises AccessDeniedError for an unknown key."""
    resolved = iam_evaluator.resolve_credential(extract_access_key_id(dict(headers)) or "test")
    if isinstance(resolved, iam_evaluator.CredentialResolutionError):
        raise AccessDeniedError(resolved.message)
    return Credentials(
        access_key_id=resolved.access_key_id,
        secret_access_key=resolved.secret_access_key,
        session_token=resolved.session_token or "",
        principal_arn=resolved.principal_arn,
    )


def authorize(
    credentials: Credentials,
    action: str,
    resource_arn: str,
    context: Mapping[str, str | list[str]] | None = None,
) -> None:
    """Raise AccessDeniedError unless the principal may do ``action`` (``lambda:InvokeFunction``).

    ``context`` has the condition keys that the service gives, such as ``ec2:Subnet``.
    """
    service = action.partition(":")[0]
    given = {"service_context": dict(context)} if context else {}
    denied = iam_evaluator.enforce(
        credentials.access_key_id, action, service, get_region(), resource_arn, **given
    )
    if denied is None:
        return
    if isinstance(denied, iam_evaluator.AuthError):
        raise AccessDeniedError(denied.message)
    raise AccessDeniedError(
        iam_actions.identity_denial_message(
            action, credentials.principal_arn, resource_arn, denied.decision == "Deny"
        )
    )
