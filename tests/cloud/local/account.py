"""The embedded cloud as its root user sees it, with short ways to make roles, jobs and state machines."""

import json
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, TypeVar

import boto3

from local.instance import Instance

BUCKET = "scripts"
REGION = "us-east-1"
T = TypeVar("T")

_LONGEST_PAUSE_SECONDS = 0.25
"""What waits for seconds does not notice it; who asks twenty times a second keeps the cloud from its work."""


@dataclass(frozen=True)
class Account:
    """Clients of one instance, and what tests deploy into it."""

    instance: Instance
    session: boto3.Session
    _clients: dict[str, Any] = field(default_factory=dict, compare=False)

    def client(self, service: str) -> Any:
        """A root client of a service, made once."""
        if service not in self._clients:
            self._clients[service] = self.session.client(  # type: ignore[call-overload]
                service,
                endpoint_url=self.instance.settings.endpoint_url,
                verify=str(self.instance.settings.certificate),
            )
        return self._clients[service]

    def make_role(self, name: str, service: str, *allowed: tuple[str | list[str], str]) -> str:
        """A role that ``service`` may assume and that allows (actions, resource) pairs."""
        trust = {"Effect": "Allow", "Principal": {"Service": service}, "Action": "sts:AssumeRole"}
        iam = self.client("iam")
        role = iam.create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps({"Statement": [trust]}))
        statements = [
            {"Effect": "Allow", "Action": action, "Resource": resource} for action, resource in allowed
        ]
        if statements:
            policy = json.dumps({"Version": "2012-10-17", "Statement": statements})
            iam.put_role_policy(RoleName=name, PolicyName="allowed", PolicyDocument=policy)
        return str(role["Role"]["Arn"])

    def put(self, key: str, body: bytes) -> str:
        """Put an object and return its address."""
        self.client("s3").put_object(Bucket=BUCKET, Key=key, Body=body)
        return f"s3://{BUCKET}/{key}"

    def make_job(
        self,
        name: str,
        script: str,
        *,
        role: str,
        arguments: dict[str, str] | None = None,
        timeout_minutes: int = 480,
    ) -> str:
        """Deploy a script as a Glue job and return its name."""
        location = self.put(f"{name}.py", script.encode())
        self.client("glue").create_job(
            Name=name,
            Role=role,
            Command={"Name": "glueetl", "ScriptLocation": location, "PythonVersion": "3"},
            DefaultArguments=arguments or {},
            GlueVersion="5.1",
            WorkerType="G.1X",
            NumberOfWorkers=2,
            Timeout=timeout_minutes,
        )
        return name

    def finish_job(self, name: str, **start: object) -> dict[str, Any]:
        """Run a job and return how it ended."""
        glue = self.client("glue")
        run_id = glue.start_job_run(JobName=name, **start)["JobRunId"]
        return wait_for(
            lambda: glue.get_job_run(JobName=name, RunId=run_id)["JobRun"],
            lambda run: run["JobRunState"] not in {"STARTING", "RUNNING", "STOPPING"},
        )

    def job_states(self, name: str) -> list[str]:
        """The states of a job's runs."""
        return [run["JobRunState"] for run in self.client("glue").get_job_runs(JobName=name)["JobRuns"]]

    def log(self, group: str, stream: str) -> list[str]:
        """The messages of a log stream."""
        events = self.client("logs").get_log_events(logGroupName=group, logStreamName=stream)["events"]
        return [event["message"] for event in events]

    def start_machine(
        self, name: str, definition: dict[str, object], role: str, document: object = None
    ) -> str:
        """Deploy a state machine and start an execution of it."""
        states = self.client("stepfunctions")
        made = states.create_state_machine(name=name, definition=json.dumps(definition), roleArn=role)
        arn = made["stateMachineArn"]
        started = states.start_execution(stateMachineArn=arn, input=json.dumps(document or {}))
        return str(started["executionArn"])

    def finish_execution(self, execution_arn: str) -> dict[str, Any]:
        """Wait for an execution's end and describe it."""
        states = self.client("stepfunctions")
        return wait_for(
            lambda: states.describe_execution(executionArn=execution_arn),
            lambda execution: execution["status"] != "RUNNING",
        )


def wait_for(read: Callable[[], T], done: Callable[[T], bool], seconds: float = 120) -> T:
    """Read until ``done``, ever more seldom; fail with what was read last."""
    deadline, pause = time.monotonic() + seconds, 0.05
    while not done(current := read()):
        assert time.monotonic() < deadline, f"still waiting at {current}"
        time.sleep(pause)
        pause = min(1.1 * pause, _LONGEST_PAUSE_SECONDS)
    return current
