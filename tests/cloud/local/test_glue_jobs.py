"""Glue jobs of the embedded cloud behave as Glue's."""

from contextlib import suppress
from pathlib import Path

import pytest
from botocore.exceptions import ClientError

from tests.cloud.local.account import Account, wait_for

pytestmark = pytest.mark.cloud

SPARK_SCRIPT = """
import sys
from pyspark.sql import SparkSession

def work(number):
    import only_in_wheel
    return number * only_in_wheel.ANSWER

spark = SparkSession.builder.getOrCreate()
print("sum", sum(spark.sparkContext.parallelize(range(4), 2).map(work).collect()))
print("arguments", *sys.argv[1:])
try:
    import awswrangler
except ImportError as missing:
    print("refused", missing)
import boto3
print("caller", boto3.client("sts").get_caller_identity()["Arn"])
"""


def test_job_runs_under_spark_with_what_its_wheels_hold_and_no_more(
    account: Account, job_role: str, wheels: str
) -> None:
    """A job sees Glue's packages and its wheels, in the driver and in Spark's workers, and nothing else."""
    arguments = {"--additional-python-modules": wheels, "--plan": "default", "--kept": "yes"}
    name = account.make_job("spark", SPARK_SCRIPT, role=job_role, arguments=arguments)
    run = account.finish_job(name, Arguments={"--plan": "given"})
    assert run["JobRunState"] == "SUCCEEDED", run
    output = account.log("/aws-glue/jobs/output", run["Id"])
    assert "sum 252" in output
    assert f"arguments --plan given --kept yes --JOB_NAME spark --JOB_RUN_ID {run['Id']}" in output
    assert "refused No module named 'awswrangler'" in output
    assert "caller arn:aws:sts::000000000000:assumed-role/job/GlueJobRunnerSession" in output
    assert run["Arguments"] == {"--plan": "given"}


def test_failing_job_tells_its_last_exception_line(account: Account, job_role: str) -> None:
    """ErrorMessage is category, the script's line and the exception; the traceback is in the error log."""
    script = "class LakeshotError(Exception): pass\nraise LakeshotError('the table is gone')\n"
    run = account.finish_job(account.make_job("failing", script, role=job_role))
    assert run["JobRunState"] == "FAILED"
    assert run["ErrorMessage"] == (
        "Error Category: UNCLASSIFIED_ERROR; Failed Line Number: 2; LakeshotError: the table is gone"
    )
    assert "Traceback (most recent call last):" in account.log("/aws-glue/jobs/error", run["Id"])


def test_job_is_refused_by_name_what_its_role_lacks(account: Account, job_role: str) -> None:
    """A job has its role's permissions only, and the message names principal, action and resource."""
    script = "import boto3\nboto3.client('s3').put_object(Bucket='scripts', Key='stolen', Body=b'')\n"
    run = account.finish_job(account.make_job("refused", script, role=job_role))
    assert run["JobRunState"] == "FAILED"
    assert (
        "User: arn:aws:sts::000000000000:assumed-role/job/GlueJobRunnerSession is not authorized to perform: "
        "s3:PutObject on resource: arn:aws:s3:::scripts/stolen"
    ) in run["ErrorMessage"]


def test_stopped_job_ends_with_everything_it_started(account: Account, job_role: str) -> None:
    """BatchStopJobRun makes a run STOPPING, then STOPPED, and its processes are gone."""
    script = "import subprocess\nsubprocess.run(['sleep', '611'])\n"
    name = account.make_job("endless", script, role=job_role)
    glue = account.client("glue")
    run_id = glue.start_job_run(JobName=name)["JobRunId"]
    wait_for(lambda: "sleep\x00611" in commands(), bool)
    with pytest.raises(ClientError, match="ConcurrentRunsExceededException"):
        glue.start_job_run(JobName=name)
    stopped = glue.batch_stop_job_run(JobName=name, JobRunIds=[run_id])
    assert stopped["SuccessfulSubmissions"] == [{"JobName": name, "JobRunId": run_id}]
    wait_for(lambda: account.job_states(name), lambda states: states == ["STOPPED"])
    assert "sleep\x00611" not in commands()


def test_job_that_exceeds_its_timeout_ends_as_timeout(account: Account, job_role: str) -> None:
    """A run's timeout, in minutes, ends it in state TIMEOUT."""
    name = account.make_job("slow", "import time\ntime.sleep(600)\n", role=job_role)
    assert account.finish_job(name, Timeout=1)["JobRunState"] == "TIMEOUT"


def test_role_that_does_not_trust_glue_fails_the_run(account: Account) -> None:
    """A run fails when its role's trust policy does not name Glue."""
    role = account.make_role("stranger", "lambda.amazonaws.com")
    run = account.finish_job(account.make_job("distrusted", "", role=role))
    assert run["ErrorMessage"] == (
        "AccessDeniedError: User: glue.amazonaws.com is not authorized to perform: sts:AssumeRole "
        "on resource: arn:aws:iam::000000000000:role/stranger"
    )


def commands() -> str:
    lines = []
    for process in Path("/proc").glob("[0-9]*/cmdline"):
        with suppress(OSError):
            lines.append(process.read_text())
    return "".join(lines)
