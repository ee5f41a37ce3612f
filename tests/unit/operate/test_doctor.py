"""An examination is started, shown check by check, and ends with what to do."""

import io
import json
from typing import Any

import boto3
import pytest
from botocore.client import BaseClient
from botocore.exceptions import ClientError

from lakeshot.config.connections import DeployedConnection
from lakeshot.config.deployed import Deployed
from lakeshot.config.exports import parse_config
from lakeshot.doctor.report import Check, Outcome, Report, report_uri
from lakeshot.names import split_s3_uri
from lakeshot.runs.job_errors import meaning
from operate.command_line import main
from operate.context import Context, Output
from operate.doctor import doctor
from operate.errors import CommandError, UsageError
from tests.unit.conftest import BUCKET
from tests.unit.operate.conftest import FakeTerminal

SECRET = Check(name="secret", outcome=Outcome.PASSED, found="shop/reader holds the password of 'reader'")
HOST = Check(name="host", outcome=Outcome.FAILED, found="the name 'db' is not known here; correct it")
LOGIN = Check(name="login", outcome=Outcome.NOT_TRIED, found="needs 'host'")
LOG = Check(name="log", outcome=Outcome.WARNED, found="no answer. A run works without it")
STARTED = "Examining export 'articles' (stage dev) by its own Glue job; Ctrl-C ends it.\n"
Step = tuple[str, tuple[Check, ...] | None] | BaseException


class Glue:
    """The Glue job of the export: what each look at its run shows, and what was asked of it."""

    def __init__(self) -> None:
        self.steps: list[Step] = []
        self.message = ""
        self.started: dict[str, Any] = {}
        self.stopped: list[str] = []
        self.refusal: ClientError | None = None

    def answer(self, operation: str, given: dict[str, Any]) -> dict[str, Any]:
        match operation:
            case "StartJobRun":
                if self.refusal is not None:
                    raise self.refusal
                self.started = given
                return {"JobRunId": "jr_1"}
            case "BatchStopJobRun":
                self.stopped += given["JobRunIds"]
                return {}
            case _:
                return {"JobRun": self._look()}

    def _look(self) -> dict[str, str]:
        step = self.steps.pop(0)
        if isinstance(step, BaseException):
            raise step
        state, checks = step
        if checks is not None:
            complete = state == "SUCCEEDED"
            report = Report(export="articles", checks=checks, complete=complete)
            bucket, key = split_s3_uri(report_uri(self.started["Arguments"]["--doctor"]))
            boto3.client("s3").put_object(Bucket=bucket, Key=key, Body=report.model_dump_json().encode())
        told = {"ErrorMessage": self.message} if state not in ("RUNNING", "STARTING", "SUCCEEDED") else {}
        return {"JobRunState": state, **told}


@pytest.fixture
def articles() -> Deployed:
    """The export ``articles`` as deployed."""
    place = {"host": "db", "database": "shop", "secret": "shop/reader"}
    config = parse_config(
        {
            "connections": {"shop": {"type": "postgres", **place}},
            "exports": {
                "articles": {
                    "source": {"type": "postgres", "connection": "shop", "table": "article"},
                    "job": {"worker_type": "G.2X", "workers": 10},
                }
            },
        }
    )
    return Deployed.of(
        name="articles",
        export=config.exports["articles"],
        stage="dev",
        database="lakeshot",
        bucket=BUCKET,
        job_role_arn="arn:aws:iam::123456789012:role/lakeshot-dev-articles-job",
        connection=DeployedConnection.model_validate(
            {"name": "shop", "port": 5432, "ca": "s3://assets/ca.pem"} | place
        ),
    )


@pytest.fixture
def glue(group_stage: None, s3: object, articles: Deployed, monkeypatch: pytest.MonkeyPatch) -> Glue:
    """A job that does as it is told, of an export that is deployed beside a group of others."""
    boto3.client("ssm").put_parameter(
        Name="/lakeshot/dev/exports/articles", Value=articles.model_dump_json(), Type="String"
    )
    job = Glue()
    call: Any = BaseClient._make_api_call  # type: ignore[attr-defined]

    def answered(client: BaseClient, operation: str, given: dict[str, Any]) -> Any:
        if client.meta.service_model.service_name == "glue":
            return job.answer(operation, given)
        return call(client, operation, given)

    monkeypatch.setattr(BaseClient, "_make_api_call", answered)
    return job


def test_checks_are_shown_as_they_end(context: Context, messages: io.StringIO, glue: Glue) -> None:
    """One line each, with what is waited for between them; all is well without a failure."""
    glue.steps = [
        ("STARTING", None),
        ("STARTING", None),
        ("RUNNING", ()),
        ("RUNNING", (SECRET,)),
        ("SUCCEEDED", (SECRET, LOG)),
    ]
    assert doctor(context, "articles", as_json=False) == 0
    assert messages.getvalue() == (
        f"{STARTED}"
        "0 s: Glue starts the job, which takes a minute or two\n"
        "4 s: the job looks around\n"
        "  ✓ secret        shop/reader holds the password of 'reader'\n"
        "  ! log           no answer. A run works without it\n"
        "Export 'articles' has what it needs; 1 of 2 checks have something to say.\n"
    )


def test_the_job_is_started_with_what_is_deployed(context: Context, glue: Glue, articles: Deployed) -> None:
    """Its own job, as small as may be, for a short while; what is deployed lies where it is told."""
    glue.steps = [("SUCCEEDED", (SECRET,))]
    doctor(context, "articles", as_json=False)
    place = glue.started["Arguments"].pop("--doctor")
    assert glue.started == {
        "JobName": "lakeshot-dev-articles",
        "Arguments": {"--region": "us-east-1"},
        "WorkerType": "G.2X",
        "NumberOfWorkers": 2,
        "Timeout": 10,
    }
    assert place.startswith(f"s3://{BUCKET}/runs/articles/doctor/20261121T120000Z-")
    bucket, key = split_s3_uri(f"{place}deployed.json")
    left = boto3.client("s3").get_object(Bucket=bucket, Key=key)["Body"].read()
    assert Deployed.model_validate_json(left) == articles


def test_failures_are_counted_and_told(context: Context, messages: io.StringIO, glue: Glue) -> None:
    """The command fails, so that a script can act on it."""
    glue.steps = [("SUCCEEDED", (SECRET, HOST, LOGIN))]
    assert doctor(context, "articles", as_json=False) == 1
    assert messages.getvalue() == (
        f"{STARTED}"
        "  ✓ secret        shop/reader holds the password of 'reader'\n"
        "  ✗ host          the name 'db' is not known here; correct it\n"
        "  · login         needs 'host'\n"
        "1 of 3 checks failed, 1 could not be tried. Correct what failed, the first line first, then: "
        "make doctor EXPORT=articles\n"
    )


def test_on_a_terminal_waiting_is_one_line(context: Context, glue: Glue) -> None:
    """It is drawn over until a check takes its place."""
    glue.steps = [("STARTING", None), ("RUNNING", (SECRET,)), ("SUCCEEDED", (SECRET,))]
    terminal = FakeTerminal()
    on_terminal = Context(output=Output(terminal, terminal), file=context.file, clock=context.clock)
    doctor(on_terminal, "articles", as_json=False)
    assert terminal.getvalue() == (
        f"{STARTED}"
        "\r\x1b[K  0 s: Glue starts the job, which takes a minute or two"
        "\r\x1b[K  ✓ secret        shop/reader holds the password of 'reader'\n"
        "\r\x1b[K  2 s: the job looks around"
        "\r\x1b[K"
        "Export 'articles' has what it needs.\n"
    )


def test_marks_that_the_stream_can_show(context: Context, glue: Glue) -> None:
    """A terminal that knows ASCII alone is no reason to fail."""
    glue.steps = [("SUCCEEDED", (SECRET, HOST, LOGIN))]
    written = io.BytesIO()
    ascii_only = io.TextIOWrapper(written, encoding="ascii", write_through=True)
    plain = Context(output=Output(ascii_only, ascii_only), file=context.file, clock=context.clock)
    doctor(plain, "articles", as_json=False)
    lines = written.getvalue().decode().splitlines()
    assert [line[2] for line in lines[1:4]] == ["+", "x", "."]


def test_json_is_one_object(context: Context, results: io.StringIO, glue: Glue) -> None:
    """Everything that is shown is in it."""
    glue.steps = [("SUCCEEDED", (SECRET, HOST))]
    assert doctor(context, "articles", as_json=True) == 1
    assert json.loads(results.getvalue()) == {
        "export": "articles",
        "job_run_id": "jr_1",
        "state": "SUCCEEDED",
        "error": None,
        "checks": [
            {"name": "secret", "outcome": "passed", "found": SECRET.found},
            {"name": "host", "outcome": "failed", "found": HOST.found},
        ],
    }


def test_a_job_that_does_not_start(context: Context, messages: io.StringIO, glue: Glue) -> None:
    """Glue's words are told, what they mean, and where to look."""
    glue.steps = [("STARTING", None), ("FAILED", None)]
    glue.message = "The specified subnet does not have enough free addresses to satisfy the request."
    assert doctor(context, "articles", as_json=False) == 1
    told = messages.getvalue()
    assert (
        "The Glue job ended FAILED without a whole report: The specified subnet does not have enough free "
        "addresses to satisfy the request. What to do: each worker takes an address of the subnet" in told
    )
    assert "\n  job log: https://us-east-1.console.aws.amazon.com/" in told


def test_a_job_that_ends_midway(context: Context, messages: io.StringIO, glue: Glue) -> None:
    """What was found until then is shown, and which check was the last."""
    glue.steps = [("RUNNING", (SECRET,)), ("TIMEOUT", None)]
    assert doctor(context, "articles", as_json=False) == 1
    assert "  ✓ secret " in messages.getvalue()
    assert (
        "The examination did not end within 10 minutes. The last check was 'secret'. Look at its log."
        in messages.getvalue()
    )


def test_a_job_that_somebody_stopped(context: Context, messages: io.StringIO, glue: Glue) -> None:
    """That is no failure of what it looked at."""
    glue.steps = [("STOPPED", None)]
    assert doctor(context, "articles", as_json=False) == 1
    assert "The Glue job was stopped from outside.\n" in messages.getvalue()


def test_leaving_ends_the_job(context: Context, messages: io.StringIO, glue: Glue) -> None:
    """An examination is of no use to nobody."""
    glue.steps = [("RUNNING", ()), KeyboardInterrupt()]
    with pytest.raises(KeyboardInterrupt):
        doctor(context, "articles", as_json=False)
    assert glue.stopped == ["jr_1"]
    assert messages.getvalue().endswith("The job is being ended.\n")


@pytest.mark.parametrize(
    ("code", "message", "told"),
    [
        ("EntityNotFoundException", "no job", "has no job 'lakeshot-dev-articles': deploy it with"),
        ("ConcurrentRunsExceededException", "Concurrent runs exceeded", "wait until some have ended"),
    ],
)
def test_a_job_that_cannot_be_started(
    context: Context, glue: Glue, code: str, message: str, told: str
) -> None:
    """Why, and what to do."""
    kind: type[ClientError] = getattr(boto3.client("glue").exceptions, code)
    glue.refusal = kind({"Error": {"Code": code, "Message": message}}, "StartJobRun")
    with pytest.raises(CommandError, match=told):
        doctor(context, "articles", as_json=False)


@pytest.mark.usefixtures("glue")
@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("reviews", "reads DynamoDB, which needs no examination"),
        ("nightly", "is a group; examine its members one by one: reviews, orders"),
    ],
)
def test_what_is_not_examined(context: Context, name: str, told: str) -> None:
    """Exports of databases are, one by one."""
    with pytest.raises(UsageError, match=told):
        doctor(context, name, as_json=False)


@pytest.mark.usefixtures("glue")
def test_it_is_a_command(context: Context, capsys: pytest.CaptureFixture[str]) -> None:
    """What cannot be used has an exit code of its own."""
    assert main(["-c", str(context.file), "doctor", "reviews"]) == 2
    assert "The doctor is for exports of databases" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("message", "told"),
    [
        (
            "VPC S3 endpoint validation failed for SubnetId: subnet-1. VPC: vpc-1. Reason: Could not find …",
            "no way to S3: put 's3' among 'endpoints'",
        ),
        (
            "VPC S3 endpoint validation failed for SubnetId: subnet-1. … not authorized to perform: ec2:…",
            "the job's role is not as it was deployed",
        ),
        (
            "Failed to call ec2:DescribeSubnets. The subnet ID 'subnet-1' does not exist (Invalid…",
            "correct 'subnets' of the connection's network",
        ),
        ("At least one security group must open all ingress ports. To limit traffic, …", "reach each other"),
        ("Connection lakeshot-dev-connection-shop-subnet-1 not found", "the connection's stack is gone"),
        (
            "DataCatalog Connection issue: … is not authorized to perform: glue:GetConnection on …",
            "the job's role is not as it was deployed",
        ),
        (
            "PayloadError: the job run lacks the arguments --plan, --redrive, --run; start it through …",
            "of a version that cannot be examined",
        ),
        ("LAUNCH ERROR | File not found: … Connect to s3.amazonaws.com:443 timed out", "has no way to AWS"),
        ("Role lakeshot should be given assume role permissions for Glue Service.", "does not trust Glue"),
        ("Exceeded maximum concurrent compute capacity for your account.", "have the quota raised"),
    ],
)
def test_what_glue_says_is_understood(message: str, told: str) -> None:
    """The first that fits of what people have met."""
    assert told in (meaning(message) or "")


def test_what_nobody_has_met_is_left_alone() -> None:
    """No meaning is better than a wrong one."""
    assert meaning("Error Category: UNCLASSIFIED_ERROR; SyntaxError: invalid syntax") is None
