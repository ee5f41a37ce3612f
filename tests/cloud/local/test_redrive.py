"""Redrives and failing Map iterations of the embedded cloud, seen through boto3."""

import json
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

from tests.cloud.local.account import REGION, Account, wait_for

pytestmark = pytest.mark.cloud

START_JOB = "arn:aws:states:::glue:startJobRun.sync"
# Fails until the object it waits for exists; what it prints tells how often it ran.
GATED = "import boto3\nboto3.client('s3').get_object(Bucket='scripts', Key='{key}')\n"
ENDLESS = "import time\ntime.sleep(600)\n"


def user(account: Account, name: str, *allowed: tuple[str, str]) -> Any:
    """Step Functions as a user who may do (action, resource) only."""
    iam = account.client("iam")
    iam.create_user(UserName=name)
    statements = [{"Effect": "Allow", "Action": action, "Resource": on} for action, on in allowed]
    policy = json.dumps({"Version": "2012-10-17", "Statement": statements})
    iam.put_user_policy(UserName=name, PolicyName="allowed", PolicyDocument=policy)
    key = iam.create_access_key(UserName=name)["AccessKey"]
    session = boto3.Session(key["AccessKeyId"], key["SecretAccessKey"], region_name=REGION)
    return Account(account.instance, session).client("stepfunctions")


def members(**fields: object) -> dict[str, object]:
    """A Map over members that runs each one's job."""
    run = {"Type": "Task", "Resource": START_JOB, "Parameters": {"JobName.$": "$.job"}, "End": True}
    processor = {"StartAt": "Run", "States": {"Run": run | fields}}
    state = {"Type": "Map", "ItemsPath": "$.members", "ItemProcessor": processor, "End": True}
    return {"StartAt": "Members", "States": {"Members": state}}


def test_a_redrive_runs_the_failed_iteration_again(account: Account, job_role: str, states_role: str) -> None:
    """With states:RedriveExecution on the execution, a finished member's job is not started again."""
    account.make_job("kept", "print('done')\n", role=job_role)
    account.make_job("gated", "import time\ntime.sleep(2)\n" + GATED.format(key="gate"), role=job_role)
    document = {"members": [{"job": "kept"}, {"job": "gated"}]}
    arn = account.start_machine("redriven", members(), states_role, document)
    failed = account.finish_execution(arn)
    assert (failed["status"], failed["error"]) == ("FAILED", "States.TaskFailed")
    assert (failed["redriveCount"], failed["redriveStatus"]) == (0, "REDRIVABLE")
    stranger = user(account, "stranger", ("states:RedriveExecution", f"{arn}-other"))
    with pytest.raises(ClientError, match=f"states:RedriveExecution on resource: {arn}"):
        stranger.redrive_execution(executionArn=arn)
    account.put("gate", b"")
    operator = user(account, "operator", ("states:RedriveExecution", arn))
    redriven = operator.redrive_execution(executionArn=arn)
    ended = account.finish_execution(arn)
    assert ended["status"] == "SUCCEEDED", ended
    assert [run["JobName"] for run in json.loads(ended["output"])] == ["kept", "gated"]
    assert ended["redriveDate"] == redriven["redriveDate"]
    assert account.job_states("kept") == ["SUCCEEDED"]
    assert sorted(account.job_states("gated")) == ["FAILED", "SUCCEEDED"]
    with pytest.raises(ClientError, match="ExecutionNotRedrivable"):
        operator.redrive_execution(executionArn=arn)


def test_a_failed_iteration_stops_the_jobs_of_the_others(
    account: Account, job_role: str, states_role: str
) -> None:
    """The Map fails with the failed job's error; the sibling's job is stopped and not retried."""
    account.make_job("sibling", ENDLESS, role=job_role)
    account.make_job("failing-member", "import time\ntime.sleep(1)\nraise ValueError('x')\n", role=job_role)
    retry = [{"ErrorEquals": ["States.ALL"], "IntervalSeconds": 0, "MaxAttempts": 1}]
    document = {"members": [{"job": "sibling"}, {"job": "failing-member"}]}
    failed = account.finish_execution(
        account.start_machine("failing-map", members(Retry=retry), states_role, document)
    )
    assert json.loads(failed["cause"])["JobName"] == "failing-member"
    wait_for(lambda: account.job_states("sibling"), lambda states: states == ["STOPPED"])
    assert account.job_states("failing-member") == ["FAILED", "FAILED"]


def test_an_abort_stops_the_jobs_of_a_map_and_they_can_be_redriven(
    account: Account, job_role: str, states_role: str
) -> None:
    """StopExecution stops every member's job; the event of the new end tells the redrive."""
    for name in ("aborted-1", "aborted-2"):
        account.make_job(name, ENDLESS, role=job_role)
    document = {"members": [{"job": "aborted-1"}, {"job": "aborted-2"}]}
    arn = account.start_machine("aborted-map", members(), states_role, document)

    def job_states() -> list[str]:
        return [*account.job_states("aborted-1"), *account.job_states("aborted-2")]

    wait_for(job_states, lambda states: states == ["RUNNING", "RUNNING"])
    states = account.client("stepfunctions")
    states.stop_execution(executionArn=arn)
    wait_for(job_states, lambda states: states == ["STOPPED", "STOPPED"])
    states.redrive_execution(executionArn=arn)
    wait_for(job_states, lambda states: sorted(states) == ["RUNNING", "RUNNING", "STOPPED", "STOPPED"])
    states.stop_execution(executionArn=arn)
    wait_for(job_states, lambda states: states == ["STOPPED"] * 4)
    assert account.finish_execution(arn)["redriveCount"] == 1
