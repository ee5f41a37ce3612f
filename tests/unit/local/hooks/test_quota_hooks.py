"""IAM's size quotas hold for API calls and for templates."""

import asyncio
import json

import pytest
from ministack import app
from ministack.services.cloudformation import provisioners

from local.hooks.quotas import limit_policy_sizes, size

TRUST = {"Effect": "Allow", "Principal": {"Service": "glue.amazonaws.com"}, "Action": "sts:AssumeRole"}


@pytest.fixture(autouse=True)
def limits() -> None:
    limit_policy_sizes()


def policy(characters: int, **statement: object) -> str:
    """A policy of exactly so many characters, and white space that does not count."""
    base = {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "", **statement}
    document = {"Version": "2012-10-17", "Statement": [base]}
    document["Statement"] = [
        base | {"Sid": "x" * (characters - size({**document, "Statement": [base | {"Sid": ""}]}))}
    ]
    assert size(document) == characters
    return json.dumps(document, indent=8)


def trust(characters: int) -> str:
    return policy(characters, **TRUST)


def iam(action: str, **form: str) -> tuple[int, str]:
    query = {"Action": [action], **{name: [value] for name, value in form.items()}}
    status, _, body = asyncio.run(app.SERVICE_HANDLERS["iam"]("POST", "/", {}, b"", query))
    return status, body.decode()


def test_a_role_s_inline_policies_are_limited_together() -> None:
    """10,240 characters in sum; replacing a policy counts only the new one."""
    assert iam("CreateRole", RoleName="r", AssumeRolePolicyDocument=trust(2_048))[0] == 200
    assert iam("PutRolePolicy", RoleName="r", PolicyName="a", PolicyDocument=policy(10_000))[0] == 200
    assert iam("PutRolePolicy", RoleName="r", PolicyName="b", PolicyDocument=policy(240))[0] == 200
    status, body = iam("PutRolePolicy", RoleName="r", PolicyName="b", PolicyDocument=policy(241))
    assert status == 409
    assert "<Code>LimitExceeded</Code>" in body
    assert "Maximum policy size of 10240 bytes exceeded for role r" in body
    assert iam("PutRolePolicy", RoleName="r", PolicyName="a", PolicyDocument=policy(5_000))[0] == 200
    assert iam("PutRolePolicy", RoleName="r", PolicyName="b", PolicyDocument=policy(5_240))[0] == 200


def test_trust_policies_managed_policies_and_names_are_limited() -> None:
    """2,048 and 6,144 characters, and 64 of a role's name."""
    quota = "Cannot exceed quota for ACLSizePerRole: 2048"
    assert quota in iam("CreateRole", RoleName="r", AssumeRolePolicyDocument=trust(2_049))[1]
    assert iam("CreateRole", RoleName="r" * 64, AssumeRolePolicyDocument=trust(500))[0] == 200
    too_long = iam("CreateRole", RoleName="r" * 65, AssumeRolePolicyDocument=trust(500))
    assert too_long[0] == 400
    assert "less than or equal to 64" in too_long[1]
    grown = iam("UpdateAssumeRolePolicy", RoleName="r" * 64, PolicyDocument=trust(2_049))
    assert quota in grown[1]
    quota = "Cannot exceed quota for PolicySize: 6144"
    assert quota in iam("CreatePolicy", PolicyName="p", PolicyDocument=policy(6_145))[1]
    assert iam("CreatePolicy", PolicyName="p", PolicyDocument=policy(6_144))[0] == 200
    arn = "arn:aws:iam::000000000000:policy/p"
    assert quota in iam("CreatePolicyVersion", PolicyArn=arn, PolicyDocument=policy(6_145))[1]


def test_templates_are_limited_alike() -> None:
    """A role, its Policies, an AWS::IAM::Policy and a managed policy fail with IAM's own sentence."""
    handlers = provisioners._RESOURCE_HANDLERS
    role = {"RoleName": "r", "AssumeRolePolicyDocument": json.loads(trust(500))}
    inline = {**role, "Policies": [{"PolicyName": "a", "PolicyDocument": json.loads(policy(10_241))}]}
    with pytest.raises(ValueError, match="Maximum policy size of 10240 bytes exceeded for role r"):
        handlers["AWS::IAM::Role"]["create"]("Role", inline, "stack")
    handlers["AWS::IAM::Role"]["create"]("Role", role, "stack")
    with pytest.raises(ValueError, match="Maximum policy size"):
        handlers["AWS::IAM::Role"]["update"]("r", role, inline, "stack", logical_id="Role")
    attached = {"PolicyName": "b", "PolicyDocument": json.loads(policy(10_241)), "Roles": ["r"]}
    with pytest.raises(ValueError, match="Maximum policy size of 10240 bytes exceeded for role r"):
        handlers["AWS::IAM::Policy"]["create"]("Policy", attached, "stack")
    managed = {"PolicyDocument": json.loads(policy(6_145))}
    with pytest.raises(ValueError, match="Cannot exceed quota for PolicySize: 6144"):
        handlers["AWS::IAM::ManagedPolicy"]["create"]("Managed", managed, "stack")
