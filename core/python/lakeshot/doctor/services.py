"""The AWS services that a job needs, each by a call that changes nothing and does not wait long."""

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import TYPE_CHECKING, Protocol
from urllib.parse import urlsplit

from botocore.client import ClientMeta
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from lakeshot.config.connections import GATEWAYS
from lakeshot.config.deployed import Deployed
from lakeshot.doctor.checklist import Finding
from lakeshot.doctor.network import UnreachableError, addresses, described, reach
from lakeshot.errors import SourceError
from lakeshot.files.upload import MultipartUpload
from lakeshot.postgres.instance_cpu import InstanceCpu
from lakeshot.refusals import error_code, refusal
from lakeshot.runs.records import RunTable

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.client import DynamoDBClient
    from mypy_boto3_s3.client import S3Client

IMPATIENT = Config(connect_timeout=5, read_timeout=10, retries={"total_max_attempts": 1})
"""An examination is to say what does not answer, not to wait until it does."""
HTTPS = 443


class Client(Protocol):
    """What every client of boto3 has."""

    @property
    def meta(self) -> ClientMeta:
        """Among others, where it connects to."""


def way_to(service: str) -> str:
    """What gives a job a way to a service."""
    also = ", with its 'route_tables'" if service in GATEWAYS else ""
    return (
        f"give the job's subnets a way there: a NAT gateway, or {service!r} among 'endpoints' of the "
        f"connection's network{also}, and let the security groups pass port {HTTPS}"
    )


@contextmanager
def answers(service: str, action: str, resource: str) -> Iterator[None]:
    """Tell what keeps the block from being answered: no way there, a permission, or the service's own no."""
    try:
        yield
    except ClientError as error:
        raise refusal(error, action, resource) or SourceError(
            f"{resource} does not answer to {action}: {error_code(error)}; look whether it is there"
        ) from error
    except BotoCoreError as error:
        raise UnreachableError(
            f"{service} cannot be reached for {action} ({type(error).__name__}); {way_to(service)}"
        ) from error


def place(client: Client) -> str:
    """Where a client's service is from here; behind a proxy only that knows."""
    host, port = _endpoint(client)
    try:
        return f"{host} is {described(addresses(host, port))}"
    except SourceError:
        return f"{host} is reached by a proxy"


def files(s3: "S3Client", deployed: Deployed) -> Finding:
    """Uploads begin and are given up where data files lie. What a run says of itself, the report shows."""
    key = f"{deployed.names.data_prefix}doctor-{secrets.token_hex(8)}"
    uri = f"s3://{deployed.bucket}/{key}"
    with answers("s3", "s3:PutObject", uri):
        upload = MultipartUpload(s3, deployed.bucket, key)
        upload.write(b"doctor")
        begun = upload.finish(rows=0)
    with answers("s3", "s3:AbortMultipartUpload", uri):
        s3.abort_multipart_upload(Bucket=deployed.bucket, Key=key, UploadId=begun.upload_id)
    return Finding(f"{deployed.destination} takes files; {place(s3)}")


def run_table(dynamodb: "DynamoDBClient", deployed: Deployed) -> Finding:
    """The export's partition of the run table can be read."""
    table = deployed.stage_names.run_table
    with answers("dynamodb", "dynamodb:GetItem", f"table {table}"):
        RunTable(dynamodb, table).get(deployed.export, "doctor")
    return Finding(f"{table} answers; {place(dynamodb)}")


def observed(client: Client, service: str, without: str) -> Finding:
    """A way to a service that a run could do ``without``."""
    host, port = _endpoint(client)
    try:
        took = reach(host, port, way_to(service))
    except UnreachableError as error:
        return Finding(f"{error}. {without}", warns=True)
    return Finding(f"{host}:{port} answered in {took:.0f} ms; {place(client)}")


def busy(cpu: InstanceCpu, now: datetime, *, pauses: bool) -> Finding:
    """How busy the database's instance is, as a run sees it that ``pauses`` for it or only tells of it."""
    try:
        percent = cpu.newest(now)
    except SourceError as error:
        lost = "can neither pause for it ('max_cpu_percent') nor" if pauses else "cannot"
        return Finding(f"{error}. A run works all the same, but {lost} tell of it", warns=True)
    return Finding(f"{cpu.instance} is busy by {percent:.0f} %, by CloudWatch")


def _endpoint(client: Client) -> tuple[str, int]:
    url = urlsplit(client.meta.endpoint_url)
    return url.hostname or "", url.port or HTTPS
