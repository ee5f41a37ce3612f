"""One embedded cloud for this directory, with a role, a bucket and ways to make jobs and state machines."""

import io
import json
import time
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TypeVar

import boto3
import pytest
from botocore.exceptions import ClientError

from local.instance import Instance

BUCKET = "scripts"
REGION = "us-east-1"


@dataclass(frozen=True)
class Account:
    """The embedded cloud as its root user sees it."""

    instance: Instance
    session: boto3.Session

    def client(self, service):
        return self.session.client(
            service,
            endpoint_url=self.instance.settings.endpoint_url,
            verify=str(self.instance.settings.certificate),
        )

    def as_role(self, role_arn, service):
        """A client with the role's temporary credentials; the role must trust the account."""
        key = self.client("sts").assume_role(RoleArn=role_arn, RoleSessionName="test")["Credentials"]
        return boto3.client(
            service,
            region_name=REGION,
            endpoint_url=self.instance.settings.endpoint_url,
            verify=str(self.instance.settings.certificate),
            aws_access_key_id=key["AccessKeyId"],
            aws_secret_access_key=key["SecretAccessKey"],
            aws_session_token=key["SessionToken"],
        )

    def make_role(self, name, principal, *statements):
        document = {"Statement": [{"Effect": "Allow", "Principal": principal, "Action": "sts:AssumeRole"}]}
        iam = self.client("iam")
        arn = iam.create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps(document))["Role"]["Arn"]
        if statements:
            policy = {"Statement": [{"Effect": "Allow", "Action": a, "Resource": r} for a, r in statements]}
            iam.put_role_policy(RoleName=name, PolicyName="allowed", PolicyDocument=json.dumps(policy))
        return arn

    def put(self, key, body):
        self.client("s3").put_object(Bucket=BUCKET, Key=key, Body=body)
        return f"s3://{BUCKET}/{key}"

    def make_job(self, name, script, *, role, arguments=None, **settings):
        location = self.put(f"{name}.py", script.encode())
        self.client("glue").create_job(
            Name=name,
            Role=role,
            Command={"Name": "glueetl", "ScriptLocation": location, "PythonVersion": "3"},
            DefaultArguments=arguments or {},
            GlueVersion="5.1",
            WorkerType="G.1X",
            NumberOfWorkers=2,
            **settings,
        )
        return name

    def job_run(self, name, run_id):
        return self.client("glue").get_job_run(JobName=name, RunId=run_id)["JobRun"]

    def finish_job(self, name, **start):
        run_id = self.client("glue").start_job_run(JobName=name, **start)["JobRunId"]
        return wait_for(
            lambda: self.job_run(name, run_id),
            lambda run: run["JobRunState"] not in {"STARTING", "RUNNING", "STOPPING"},
        )

    def log(self, group, stream):
        events = self.client("logs").get_log_events(logGroupName=group, logStreamName=stream)["events"]
        return [event["message"] for event in events]

    def start_machine(self, name, definition, role, document=None):
        states = self.client("stepfunctions")
        try:
            arn = states.create_state_machine(name=name, definition=json.dumps(definition), roleArn=role)
        except ClientError as error:
            raise AssertionError(definition) from error
        return states.start_execution(
            stateMachineArn=arn["stateMachineArn"], input=json.dumps(document or {})
        )["executionArn"]

    def finish_execution(self, execution_arn):
        states = self.client("stepfunctions")
        return wait_for(
            lambda: states.describe_execution(executionArn=execution_arn),
            lambda execution: execution["status"] != "RUNNING",
        )


T = TypeVar("T")


def wait_for(read: Callable[[], T], done: Callable[[T], bool], seconds: float = 60) -> T:
    deadline = time.monotonic() + seconds
    while True:
        current = read()
        if done(current):
            return current
        assert time.monotonic() < deadline, f"still waiting at {current}"
        time.sleep(0.1)


@pytest.fixture(scope="session")
def account(tmp_path_factory) -> Iterator[Account]:
    # A minute of a job's timeout lasts three seconds here, so that a timeout can be waited for.
    directory = tmp_path_factory.mktemp("cloud")
    with Instance.start(directory, glue_minute_seconds=3) as instance:
        session = boto3.Session("test", "test", region_name=REGION)
        account = Account(instance, session)
        account.client("s3").create_bucket(Bucket=BUCKET)
        yield account


@pytest.fixture(scope="session")
def job_role(account) -> str:
    return account.make_role("job", {"Service": "glue.amazonaws.com"}, ("s3:GetObject", f"arn:aws:s3:::{BUCKET}/*"))


@pytest.fixture(scope="session")
def wheels(account) -> str:
    """A ``.gluewheels.zip`` on S3 whose one wheel holds a module that is found nowhere else."""
    return account.put("modules.gluewheels.zip", zipped({"only_in_wheel-1.0-py3-none-any.whl": wheel()}))


def wheel() -> bytes:
    return zipped(
        {
            "only_in_wheel.py": b"ANSWER = 42\n",
            "only_in_wheel-1.0.dist-info/METADATA": b"Metadata-Version: 2.1\nName: only-in-wheel\nVersion: 1.0\n",
            "only_in_wheel-1.0.dist-info/WHEEL": b"Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
            "only_in_wheel-1.0.dist-info/RECORD": b"",
        }
    )


def zipped(files: dict[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return buffer.getvalue()


@pytest.fixture(scope="session")
def states_role(account) -> str:
    return account.make_role(
        "states",
        {"Service": "states.amazonaws.com"},
        (
            ["glue:StartJobRun", "glue:GetJobRun", "glue:BatchStopJobRun"],
            f"arn:aws:glue:{REGION}:000000000000:job/*",
        ),
    )
