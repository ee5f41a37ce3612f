"""IAM's size quotas, which ministack does not have; whitespace never counts.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html
"""

import json
import re
from collections.abc import Callable, Mapping

from ministack.services import iam
from ministack.services.cloudformation import provisioners

from local.hooks.operations import JsonObject, Response, ServiceError

INLINE_POLICIES_OF_A_ROLE = 10_240
TRUST_POLICY = 2_048
MANAGED_POLICY = 6_144
ROLE_NAME = 64


def limit_policy_sizes() -> None:
    """Refuse what exceeds a quota, whether it comes by the API or from a template."""
    for name, check in {
        "CreateRole": _check_new_role,
        "UpdateAssumeRolePolicy": lambda form: _check_trust(form["PolicyDocument"]),
        "PutRolePolicy": _check_role_policy,
        "CreatePolicy": lambda form: _check_managed(form["PolicyDocument"]),
        "CreatePolicyVersion": lambda form: _check_managed(form["PolicyDocument"]),
    }.items():
        # The API answers from the table, CloudFormation calls the function.
        served = _checked_operation(iam._IAM_HANDLERS[name], check)
        iam._IAM_HANDLERS[name] = served
        setattr(iam, "_" + re.sub(r"(?<!^)(?=[A-Z])", "_", name).lower(), served)
    role = provisioners._RESOURCE_HANDLERS["AWS::IAM::Role"]
    managed = provisioners._RESOURCE_HANDLERS["AWS::IAM::ManagedPolicy"]
    _check_template(role, "create", 1, _check_role_properties)
    _check_template(role, "update", 2, _check_role_properties)
    _check_template(managed, "create", 1, lambda given: _check_managed(given["PolicyDocument"]))


def _checked_operation(
    serve: Callable[[Mapping[str, object]], Response], check: Callable[[JsonObject], None]
) -> Callable[[Mapping[str, object]], Response]:
    def checked(form: Mapping[str, object]) -> Response:
        try:
            check({name: iam._p(form, name) for name in form})
        except ServiceError as error:
            status = 409 if error.code == "LimitExceeded" else 400
            refusal: Response = iam._error(status, error.code, error.message, ns="iam")
            return refusal
        return serve(form)

    return checked


def _check_template(
    handlers: dict[str, object], name: str, position: int, check: Callable[[JsonObject], None]
) -> None:
    """Check the properties that a provisioner gets at a position of its arguments."""
    provision: object = handlers[name]
    assert callable(provision)  # noqa: S101 - the contract test tells when it moved

    def checked(*arguments: object, **options: object) -> object:
        properties = arguments[position]
        assert isinstance(properties, dict)  # noqa: S101 - likewise
        try:
            check(properties)
        except ServiceError as error:
            raise ValueError(error.message) from error
        return provision(*arguments, **options)

    handlers[name] = checked


def size(document: object) -> int:
    """Return the characters of a policy that count: JSON's own and all within strings, no white space."""
    parsed = json.loads(document) if isinstance(document, str) else document
    return len(re.sub(r"\s", "", json.dumps(parsed, separators=(",", ":"), ensure_ascii=False)))


def _check_new_role(form: JsonObject) -> None:
    _check_name(str(form["RoleName"]))
    _check_trust(form["AssumeRolePolicyDocument"])


def _check_role_policy(form: JsonObject) -> None:
    role = iam._roles.get(form["RoleName"])
    if role is not None:
        policies = role["InlinePolicies"] | {form["PolicyName"]: form["PolicyDocument"]}
        _check_inline(str(form["RoleName"]), list(policies.values()))


def _check_role_properties(properties: JsonObject) -> None:
    name = str(properties.get("RoleName") or "role")
    _check_name(name)
    _check_trust(properties["AssumeRolePolicyDocument"])
    policies = properties.get("Policies")
    documents = [policy["PolicyDocument"] for policy in policies] if isinstance(policies, list) else []
    _check_inline(name, documents)


def _check_name(name: str) -> None:
    if len(name) > ROLE_NAME:
        constraint = f"Member must have length less than or equal to {ROLE_NAME}"
        raise ServiceError(
            "ValidationError",
            f"1 validation error detected: Value '{name}' at 'roleName' failed to satisfy constraint: "
            f"{constraint}",
        )


def _check_inline(role: str, documents: list[object]) -> None:
    if sum(map(_readable_size, documents)) > INLINE_POLICIES_OF_A_ROLE:
        message = f"Maximum policy size of {INLINE_POLICIES_OF_A_ROLE} bytes exceeded for role {role}"
        raise ServiceError("LimitExceeded", message)


def _check_trust(document: object) -> None:
    if _readable_size(document) > TRUST_POLICY:
        raise ServiceError("LimitExceeded", f"Cannot exceed quota for ACLSizePerRole: {TRUST_POLICY}")


def _check_managed(document: object) -> None:
    if _readable_size(document) > MANAGED_POLICY:
        raise ServiceError("LimitExceeded", f"Cannot exceed quota for PolicySize: {MANAGED_POLICY}")


def _readable_size(document: object) -> int:
    """Return the size, 0 for what is no JSON: refusing that is the operation's own business."""
    try:
        return size(document)
    except ValueError:
        return 0
