"""An examination as a job run: begun for what is deployed, reported after every check, ended well."""

import asyncio
from collections.abc import Callable
from typing import TYPE_CHECKING, cast

import asyncpg
import pytest
from botocore.exceptions import ClientError

from lakeshot.config.deployed import Deployed
from lakeshot.doctor import examine as examine_module
from lakeshot.doctor import server_state
from lakeshot.doctor.arguments import DoctorArguments
from lakeshot.doctor.checklist import Checklist, Finding
from lakeshot.doctor.examine import examine, is_doctor
from lakeshot.doctor.report import Check, Outcome, Report, deployed_uri, examination_uri, report_uri
from lakeshot.errors import PayloadError, PermissionDeniedError
from lakeshot.stored import load, put_once
from tests.unit.doctor.conftest import NAME, PASSWORD, Change, Examined, arguments

if TYPE_CHECKING:
    from mypy_boto3_s3.client import S3Client

Examine = Callable[[Deployed], Examined]


def test_job_runs_are_told_apart() -> None:
    """The script asks before it does anything else."""
    assert is_doctor(arguments("s3://b/k/"))
    assert not is_doctor(["script.py", "--run", "r", "--plan", "s3://b/k", "--redrive", "0"])


def test_arguments_come_back_as_they_were_given() -> None:
    """What the command gives is what the job parses; what is missing is named."""
    given = DoctorArguments(doctor="s3://b/k/", region="eu-central-1")
    assert given.given() == {"--doctor": "s3://b/k/", "--region": "eu-central-1"}
    flat = [text for pair in given.given().items() for text in pair]
    assert DoctorArguments.parse(["script.py", "--JOB_NAME", "job", *flat]) == given
    with pytest.raises(PayloadError, match="lacks the arguments --region; start it with: make doctor"):
        DoctorArguments.parse(["script.py", "--doctor", "s3://b/k/"])


def test_the_report_grows_with_every_check(
    articles: Change, examined: Examine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever watches sees each check as it ends; only the last report is complete."""
    seen: list[Report] = []
    save = examine_module._save

    def watched(s3: "S3Client", examination: str, report: Report) -> None:
        save(s3, examination, report)
        seen.append(load(s3, report_uri(examination), Report))

    monkeypatch.setattr(examine_module, "_save", watched)
    examined(articles())
    assert [len(report.checks) for report in seen] == [*range(18), 17]
    assert [report.complete for report in seen] == [False] * 18 + [True]


@pytest.mark.usefixtures("aws_of_shop")
def test_nothing_deployed_is_left_for_the_job(articles: Change) -> None:
    """Without it there is nothing to examine."""
    place = examination_uri(articles(), NAME)
    with pytest.raises(PayloadError, match="is not what this version of Lakeshot deploys; deploy with"):
        examine(arguments(place))


def test_another_export_is_not_examined(articles: Change, aws_of_shop: "S3Client") -> None:
    """A job examines its own export alone."""
    deployed = articles()
    place = examination_uri(deployed.model_copy(update={"export": "other"}), NAME)
    put_once(aws_of_shop, deployed_uri(place), deployed.model_dump_json().encode())
    with pytest.raises(PayloadError, match="is of export 'articles', which lies elsewhere"):
        examine(arguments(place))


def test_a_report_that_may_not_be_written(
    articles: Change, aws_of_shop: "S3Client", answer: Callable[[str, Exception], None]
) -> None:
    """The job run fails, and its message says why there is no report."""
    deployed = articles()
    place = examination_uri(deployed, NAME)
    put_once(aws_of_shop, deployed_uri(place), deployed.model_dump_json().encode())
    answer("PutObject", ClientError({"Error": {"Code": "AccessDenied", "Message": "no"}}, "PutObject"))
    with pytest.raises(PermissionDeniedError, match=f"s3:PutObject on {report_uri(place)}"):
        examine(arguments(place))


def test_a_check_that_breaks_ends_no_other(
    articles: Change, examined: Examine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A defect is told as one, without what it says itself."""

    async def broken(_: object) -> Finding:
        raise RuntimeError(PASSWORD)

    monkeypatch.setattr(server_state, "what_it_is", broken)
    found = examined(articles())
    assert found.ended(Outcome.FAILED) == ["server"]
    assert found["server"].found == (
        "the check itself broke (RuntimeError); look at the job's log, and report it as a defect"
    )
    assert found["table"].outcome is Outcome.PASSED


def test_what_needs_what_failed_is_not_tried() -> None:
    """It says what it needs, and so does what needs it in turn."""
    told: list[tuple[Check, ...]] = []
    checks = Checklist(told.append)

    def fail() -> Finding:
        raise PayloadError("no")

    checks.check("a", fail)
    checks.check("b", lambda: Finding("yes"), after=["a"])
    checks.check("c", lambda: Finding("well", warns=True))
    checks.check("d", lambda: Finding("yes"), after=["b", "c"])
    assert told[-1] == (
        Check(name="a", outcome=Outcome.FAILED, found="no"),
        Check(name="b", outcome=Outcome.NOT_TRIED, found="needs 'a'"),
        Check(name="c", outcome=Outcome.WARNED, found="well"),
        Check(name="d", outcome=Outcome.NOT_TRIED, found="needs 'b'"),
    )


@pytest.mark.parametrize(
    ("row", "found"),
    [
        (
            {"is_standby": False, "is_aurora": True, "feedback": "off", "delay": "30s"},
            Finding("PostgreSQL 16.4, Aurora 16.4.1, the writer"),
        ),
        (
            {"is_standby": True, "is_aurora": False, "feedback": "on", "delay": "30s"},
            Finding("PostgreSQL 16.4, a reader"),
        ),
        (
            {"is_standby": True, "is_aurora": False, "feedback": "off", "delay": "30s"},
            Finding(
                "PostgreSQL 16.4, a reader; hot_standby_feedback is off, max_standby_streaming_delay 30s, "
                "after which it ends queries that are in the way of its primary's changes; turn the former "
                "on, or read from the primary",
                warns=True,
            ),
        ),
    ],
)
def test_readers_and_aurora_are_told(row: dict[str, object], found: Finding) -> None:
    """A standby that ends queries is a warning."""

    class Connection:
        async def fetch(self, _: str) -> list[dict[str, object]]:
            return [{"version": "16.4"} | row]

        async def fetchval(self, _: str) -> str:
            return "16.4.1"

    assert asyncio.run(server_state.what_it_is(cast("asyncpg.Connection", Connection()))) == found


def test_a_report_comes_back_as_it_was_written(articles: Change, examined: Examine, s3: "S3Client") -> None:
    """It is counted by how checks ended."""
    deployed = articles()
    report = examined(deployed).report
    assert load(s3, report_uri(examination_uri(deployed, NAME)), Report) == report
    assert report.export == "articles"
    assert (report.having(Outcome.PASSED), report.having(Outcome.FAILED)) == (17, 0)
