"""The deployed stage whose roles are taken apart, and its code, run under the roles it is deployed with."""

import importlib
import json
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

import boto3
import pytest

from lakeshot.config.deployed import Deployed, DeployedGroup
from lakeshot.names import StageNames
from lakeshot.steps.environment import FunctionEnvironment
from lakeshot.steps.services import Services
from local.faults import Faults
from tests.cloud.local.account import REGION, Account
from tests.cloud.permissions.moment import Scene
from tests.cloud.permissions.roles import Role

ACCOUNT_ID = "000000000000"
NAMES = StageNames(stage="allowed")
DATABASE = "allowed"
BUCKET = NAMES.bucket(ACCOUNT_ID, REGION)


@dataclass(frozen=True)
class Stage:
    """One stage in one account; what it does not say otherwise, it does as the account's root."""

    account: Account
    _sessions: dict[str, boto3.Session] = field(default_factory=dict)

    def client(self, service: str) -> Any:
        """A root client."""
        return self.account.client(service)

    @property
    def scene(self) -> Scene:
        """What runs change."""
        clients = (self.client("dynamodb"), self.client("s3"), self.client("glue"))
        return Scene(*clients, run_table=NAMES.run_table, bucket=BUCKET, database=DATABASE)

    @property
    def faults(self) -> Faults:
        """Faults of the account's cloud."""
        return Faults(self.account.instance.settings.directory / "tmp")

    def roles(self) -> list[str]:
        """The names of all roles of the stage, without the stage's prefix."""
        pages = self.client("iam").get_paginator("list_roles").paginate()
        names = [role["RoleName"] for page in pages for role in page["Roles"]]
        prefix = f"{NAMES.prefix}-"
        return [name.removeprefix(prefix) for name in names if name.startswith(prefix)]

    def role(self, name: str) -> Role:
        """A role of the stage by its name without the stage's prefix."""
        return Role.deployed(self.client("iam"), f"{NAMES.prefix}-{name}")

    def make_source(self, export: str) -> str:
        """The empty table that an export is of; its name."""
        table = self.deployed(export).source.name
        self.client("dynamodb").create_table(
            TableName=table,
            KeySchema=[{"AttributeName": "Id", "KeyType": "HASH"}],
            AttributeDefinitions=[{"AttributeName": "Id", "AttributeType": "S"}],
            BillingMode="PAY_PER_REQUEST",
        )
        return table

    def deployed(self, export: str) -> Deployed:
        """What is deployed of an export."""
        return Deployed.model_validate_json(self._parameter(NAMES.parameter(export)))

    def group_payload(self, group: str) -> dict[str, Any]:
        """The payload that runs a group as deployed."""
        deployed = DeployedGroup.model_validate_json(self._parameter(NAMES.group_parameter(group)))
        payload = deployed.payload([self.deployed(export) for export in deployed.exports])
        document: dict[str, Any] = payload.model_dump(mode="json", exclude_defaults=True)
        return document

    def step(self, step: str, event: Mapping[str, object]) -> Any:
        """Run a function's own code, in this process, under the function's role.

        A function that fails costs the embedded Lambda a new process, and most of them are to fail here.
        """
        role = NAMES.function(step)
        topic = f"arn:aws:sns:{REGION}:{ACCOUNT_ID}:{NAMES.topic}"
        environment = FunctionEnvironment(stage=NAMES.stage, topic_arn=topic)
        with pytest.MonkeyPatch.context() as patch:
            for name, value in environment.variables().items():
                patch.setenv(name, value)
            module = importlib.import_module(f"lambdas.{step}")
            patch.setattr(module, "services", Services(self.session(role), environment))
            context = SimpleNamespace(function_name=role, aws_request_id="1", log_stream_name="here")
            return module.handler(dict(event), context)

    def read(self, export: str, arguments: Mapping[str, str]) -> None:
        """Run the export's Glue script, in this process and without Spark, under the job's role."""
        script = importlib.import_module(f"glue_scripts.{self.deployed(export).source.type}")
        worker_process = importlib.import_module("lakeshot.worker_process")
        credentials = self.session(self.deployed(export).names.job_role).get_credentials()
        assert credentials is not None
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("AWS_ACCESS_KEY_ID", credentials.access_key)
            patch.setenv("AWS_SECRET_ACCESS_KEY", credentials.secret_key)
            patch.setenv("AWS_SESSION_TOKEN", str(credentials.token))
            patch.setattr(boto3, "DEFAULT_SESSION", None)
            for module in (script, importlib.import_module("lakeshot_spark.job")):
                patch.setattr(module, "distribute", _one_by_one)
            patch.setattr(script, "driver_host", lambda: "127.0.0.1")
            worker_process.forget_clients()
            script.main([word for name, value in arguments.items() for word in (f"--{name}", value)])

    def session(self, role: str) -> boto3.Session:
        """A session under a role of the stage, which for that moment trusts the account's root."""
        if role not in self._sessions:
            iam = self.client("iam")
            described = iam.get_role(RoleName=role)["Role"]
            trust = described["AssumeRolePolicyDocument"]
            root = {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"AWS": ACCOUNT_ID}}
            with _trusting(iam, role, trust, [*trust["Statement"], root]):
                given = self.client("sts").assume_role(
                    RoleArn=described["Arn"], RoleSessionName="permissions"
                )
            self._sessions[role] = boto3.Session(
                aws_access_key_id=given["Credentials"]["AccessKeyId"],
                aws_secret_access_key=given["Credentials"]["SecretAccessKey"],
                aws_session_token=given["Credentials"]["SessionToken"],
                region_name=os.environ["AWS_REGION"],
            )
        return self._sessions[role]

    def execution_arn(self, run: str) -> str:
        return f"arn:aws:states:{REGION}:{ACCOUNT_ID}:execution:{NAMES.state_machine}:{run}"

    def _parameter(self, name: str) -> str:
        return str(self.client("ssm").get_parameter(Name=name)["Parameter"]["Value"])


def _one_by_one(function: Callable[[Any, int], Any], items: Sequence[Any]) -> list[Any]:
    """What Spark does, without Spark."""
    return [function(item, 0) for item in items]


@contextmanager
def _trusting(
    iam: Any, role: str, trust: Mapping[str, Any], statements: Sequence[Mapping[str, Any]]
) -> Iterator[None]:
    widened = json.dumps({**trust, "Statement": statements})
    iam.update_assume_role_policy(RoleName=role, PolicyDocument=widened)
    try:
        yield
    finally:
        iam.update_assume_role_policy(RoleName=role, PolicyDocument=json.dumps(trust))
