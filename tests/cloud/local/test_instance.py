"""An instance is private, speaks TLS only, enforces IAM, and ends with whoever started it."""

import json
import os
import signal
import subprocess
import sys
import urllib.request
from pathlib import Path
from typing import Any
from urllib.error import URLError

import boto3
import pytest
from botocore.exceptions import ClientError

from local.instance import Instance
from local.settings import REPOSITORY
from tests.cloud.local.account import BUCKET, REGION, Account, wait_for

pytestmark = pytest.mark.cloud

STARTER = """
import sys, time
from pathlib import Path
from local.instance import Instance
print(Instance.start(Path(sys.argv[1])).model_dump_json(), flush=True)
time.sleep(600)
"""


def assume(account: Account, role: str, source: Any = None) -> dict[str, str]:
    sts = source or account.client("sts")
    key = sts.assume_role(RoleArn=role, RoleSessionName="visit")["Credentials"]
    return {
        "aws_access_key_id": key["AccessKeyId"],
        "aws_secret_access_key": key["SecretAccessKey"],
        "aws_session_token": key["SessionToken"],
    }


def client_of(account: Account, service: str, key: dict[str, str]) -> Any:
    return Account(account.instance, boto3.Session(**key, region_name=REGION)).client(service)  # type: ignore[arg-type]


def make_account_role(account: Account, name: str, principal: str, policy: dict[str, str] | None) -> str:
    trust = {"Effect": "Allow", "Principal": {"AWS": principal}, "Action": "sts:AssumeRole"}
    iam = account.client("iam")
    made = iam.create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps({"Statement": [trust]}))
    if policy:
        document = json.dumps({"Statement": [policy]})
        iam.put_role_policy(RoleName=name, PolicyName="allowed", PolicyDocument=document)
    return str(made["Role"]["Arn"])


def test_a_role_is_refused_by_name_what_no_policy_allows(account: Account) -> None:
    """A role without a permission is told principal, action and resource."""
    role = make_account_role(account, "visitor", "arn:aws:iam::000000000000:root", None)
    s3 = client_of(account, "s3", assume(account, role))
    with pytest.raises(ClientError) as refused:
        s3.get_object(Bucket=BUCKET, Key="secret")
    message = refused.value.response["Error"]["Message"]
    assert message.startswith(
        "User: arn:aws:sts::000000000000:assumed-role/visitor/visit is not authorized to perform: "
        "s3:GetObject on resource: arn:aws:s3:::scripts/secret"
    )


def test_a_role_assumes_another_only_with_permission(account: Account) -> None:
    """A role's credentials obtain those of a role its policy names, and of no other in the account."""
    allow = {
        "Effect": "Allow",
        "Action": "sts:AssumeRole",
        "Resource": "arn:aws:iam::000000000000:role/inner",
    }
    outer = make_account_role(account, "outer", "arn:aws:iam::000000000000:root", allow)
    inner = make_account_role(account, "inner", outer, None)
    other = make_account_role(account, "other", outer, None)
    sts = client_of(account, "sts", assume(account, outer))
    arrived = client_of(account, "sts", assume(account, inner, sts)).get_caller_identity()["Arn"]
    assert arrived == "arn:aws:sts::000000000000:assumed-role/inner/visit"
    with pytest.raises(ClientError, match="AccessDenied"):
        assume(account, other, sts)


def test_plain_http_is_not_answered(account: Account) -> None:
    """The port speaks TLS only."""
    address = account.instance.settings.endpoint_url.replace("https", "http")
    with pytest.raises((URLError, ConnectionError)):
        urllib.request.urlopen(address, timeout=5)  # noqa: S310 - the instance's own port


def test_clients_find_an_instance_s_environment_in_its_directory(account: Account) -> None:
    """``environment.json`` holds what a client process needs."""
    settings = account.instance.settings
    written = json.loads((settings.directory / "environment.json").read_text())
    assert written["AWS_ENDPOINT_URL"] == f"https://127.0.0.1:{settings.port}"
    assert (written["AWS_ACCESS_KEY_ID"], written["AWS_SECRET_ACCESS_KEY"]) == ("test", "test")
    assert written["AWS_CA_BUNDLE"] == written["NODE_EXTRA_CA_CERTS"] == str(settings.certificate)
    assert settings.certificate.is_file()


def test_an_instance_ends_with_the_process_that_started_it(tmp_path: Path) -> None:
    """A starter that is killed leaves no server behind."""
    command = [sys.executable, "-c", STARTER, str(tmp_path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, cwd=REPOSITORY) as starter:
        assert starter.stdout is not None
        instance = Instance.model_validate_json(starter.stdout.readline())
        assert instance.is_alive()
        os.kill(starter.pid, signal.SIGKILL)
    wait_for(instance.is_alive, lambda alive: not alive, seconds=10)
