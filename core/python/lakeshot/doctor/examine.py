"""An examination as a Glue job run: what is deployed is read, every check is made, the report written."""

import logging
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

import boto3
from pydantic import ValidationError

from lakeshot.config.deployed import Deployed
from lakeshot.doctor.arguments import DoctorArguments
from lakeshot.doctor.checklist import Checklist
from lakeshot.doctor.postgres import PostgresExamination
from lakeshot.doctor.report import Check, Report, deployed_uri, examination_uri, report_uri
from lakeshot.doctor.services import IMPATIENT, answers
from lakeshot.errors import PayloadError
from lakeshot.names import split_s3_uri
from lakeshot.stored import read

if TYPE_CHECKING:
    from mypy_boto3_s3.client import S3Client

log = logging.getLogger("lakeshot")


def is_doctor(argv: Sequence[str]) -> bool:
    """Whether a job run is to examine instead of to export."""
    return "--doctor" in argv


def examine(argv: Sequence[str]) -> None:
    """Carry out every check, with the report in S3 after each. It ends well whatever they find.

    An error is raised only for what keeps it from beginning or from reporting.
    """
    arguments = DoctorArguments.parse(argv)
    logging.basicConfig(stream=sys.stdout, level="WARNING", format="%(asctime)s %(levelname)s %(message)s")
    log.setLevel("INFO")
    # Not every process of a Glue job has a region in its environment.
    session = boto3.Session(region_name=arguments.region)
    s3: S3Client = session.client("s3", config=IMPATIENT)
    deployed = _deployed(s3, arguments.doctor)
    made: tuple[Check, ...] = ()

    def tell(checks: tuple[Check, ...]) -> None:
        nonlocal made
        made = checks
        log.info("%s %s: %s", checks[-1].name, checks[-1].outcome, checks[-1].found)
        _save(s3, arguments.doctor, Report(export=deployed.export, checks=made))

    _save(s3, arguments.doctor, Report(export=deployed.export))
    PostgresExamination(session, deployed).carry_out(Checklist(tell))
    _save(s3, arguments.doctor, Report(export=deployed.export, checks=made, complete=True))


def _deployed(s3: "S3Client", examination: str) -> Deployed:
    """What is deployed, as whoever started this has left it; PayloadError if it is not of this place."""
    uri = deployed_uri(examination)
    with answers("s3", "s3:GetObject", uri):
        body = read(s3, uri)
    try:
        deployed = Deployed.model_validate_json(body or b"")
    except ValidationError as error:
        raise PayloadError(
            f"{uri} is not what this version of Lakeshot deploys; deploy with: make deploy, and start again "
            "with: make doctor EXPORT=…"
        ) from error
    if not examination.startswith(examination_uri(deployed, "").removesuffix("/")):
        raise PayloadError(f"{uri} is of export {deployed.export!r}, which lies elsewhere")
    return deployed


def _save(s3: "S3Client", examination: str, report: Report) -> None:
    uri = report_uri(examination)
    bucket, key = split_s3_uri(uri)
    with answers("s3", "s3:PutObject", uri):
        s3.put_object(
            Bucket=bucket,
            Key=key,
            Body=report.model_dump_json(indent=1).encode(),
            ContentType="application/json",
        )
