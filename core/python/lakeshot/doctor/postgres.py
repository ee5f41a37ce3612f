"""What an export of PostgreSQL needs, in the order in which one thing needs the other."""

import ssl
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import asyncpg
import boto3

from lakeshot.config.deployed import Deployed
from lakeshot.doctor import server_state, services, table_state
from lakeshot.doctor.certificate import encryption
from lakeshot.doctor.checklist import Checklist, Finding
from lakeshot.doctor.network import addresses, described, leads_to_several, reach
from lakeshot.doctor.session import DoctorSession
from lakeshot.doctor.shared_snapshot import is_shared
from lakeshot.dynamodb.segments import task_slots
from lakeshot.errors import PermissionDeniedError, SourceError
from lakeshot.names import ConnectionNames, split_s3_uri
from lakeshot.postgres.instance_cpu import InstanceCpu
from lakeshot.postgres.query_run import most_connections, most_readers
from lakeshot.postgres.server import Login, Server, login_from_secret

if TYPE_CHECKING:
    from mypy_boto3_s3.client import S3Client

LONGEST_LOCK_SECONDS = 10
_ONE_SERVER = "that is one reader of several, unless there is but one: give the endpoint of one instance"


class PostgresExamination:
    """One examination, under the job's own role and from its own place in the network."""

    def __init__(self, aws: boto3.Session, deployed: Deployed) -> None:
        self._aws, self._deployed = aws, deployed
        self._source, self._connection = deployed.postgres
        self._s3: S3Client = aws.client("s3", config=services.IMPATIENT)
        self._server = Server(
            host=self._connection.host, port=self._connection.port, database=self._connection.database
        )
        self._login: Login | None = None
        self._session = DoctorSession(f"lakeshot doctor {deployed.export}")
        self._now = datetime.now(UTC)

    def carry_out(self, checks: Checklist) -> None:
        """Every check there is."""
        with self._session:
            self._reach(checks)
            self._read(checks)
        self._services(checks)

    def _reach(self, checks: Checklist) -> None:
        checks.check("secret", self._secret)
        checks.check("certificates", self._certificates)
        checks.check("host", self._host)
        checks.check("port", self._port, after=["host"])
        checks.check("encryption", self._encryption, after=["port", "certificates"])
        checks.check("login", self._log_in, after=["secret", "encryption"])

    def _read(self, checks: Checklist) -> None:
        source, now, another = self._source, self._now, self._session.another
        slots = task_slots(self._deployed.workers, self._deployed.worker_type)
        readers, wanted = most_readers(source, slots), most_connections(source, slots)

        def check(
            name: str, question: Callable[[asyncpg.Connection], Awaitable[Finding]], after: str = "login"
        ) -> None:
            checks.check(name, lambda: self._session.ask(question), after=[after])

        what = "table" if source.table is not None else "select"
        check("server", server_state.what_it_is)
        check("connections", lambda on: server_state.connections_left(on, wanted))
        check(what, lambda on: table_state.is_readable(on, source, another))
        check("lock", lambda on: table_state.is_lockable(on, source, now, another), after=what)
        check("parts", lambda on: table_state.how_it_is_cut(on, source, now, readers), after="lock")
        if source.consistency == "shared":
            check("snapshot", lambda on: is_shared(on, another))
        check("transactions", server_state.oldest_transaction)

    def _services(self, checks: Checklist) -> None:
        client = self._aws.client
        checks.check("files", lambda: services.files(self._s3, self._deployed))
        dynamodb = client("dynamodb", config=services.IMPATIENT)
        checks.check("run table", lambda: services.run_table(dynamodb, self._deployed))
        lost = "A run works without it, but CloudWatch shows no log of it"
        checks.check("log", lambda: services.observed(client("logs"), "logs", lost))
        lost = "A run works without it, but CloudWatch shows no metrics of it"
        checks.check("metrics", lambda: services.observed(client("cloudwatch"), "monitoring", lost))
        if (instance := self._connection.instance) is not None:
            cpu = InstanceCpu(client("cloudwatch", config=services.IMPATIENT), instance)
            pauses = self._source.max_cpu_percent is not None
            checks.check("cpu", lambda: services.busy(cpu, self._now, pauses=pauses))

    def _secret(self) -> Finding:
        client = self._aws.client("secretsmanager", config=services.IMPATIENT)
        secret = self._connection.secret
        with services.answers("secretsmanager", "secretsmanager:GetSecretValue", secret):
            try:
                self._login = login_from_secret(client, secret)
            except PermissionDeniedError as error:
                if "KMS" not in str(error.__cause__):
                    raise
                raise PermissionDeniedError(
                    f"this role may not decrypt {secret}; give the key that it is encrypted with as "
                    "'secret_key' of the connection, deploy, and let this role use it in the key's own policy"
                ) from error
        return Finding(f"{secret} holds the password of {self._login.user!r}; {services.place(client)}")

    def _certificates(self) -> Finding:
        uri = self._connection.ca
        bucket, key = split_s3_uri(uri)
        with services.answers("s3", "s3:GetObject", uri):
            text = self._s3.get_object(Bucket=bucket, Key=key)["Body"].read().decode("ascii", "replace")
        try:
            trusted = ssl.create_default_context(cadata=text).cert_store_stats()["x509"]
        except (ssl.SSLError, ValueError) as error:
            raise SourceError(f"{uri} holds no certificates (PEM); correct 'tls_ca' and deploy") from error
        self._server = self._server.model_copy(update={"ca_certificates": text})
        return Finding(f"{trusted} to trust")

    def _host(self) -> Finding:
        host = self._server.host
        several = self._source.consistency == "shared" and leads_to_several(host)
        advice = f"; {_ONE_SERVER}" if several else ""
        return Finding(f"{host} is {described(addresses(host, self._server.port))}{advice}", warns=several)

    def _port(self) -> Finding:
        group = ConnectionNames(stage=self._deployed.stage, connection=self._connection.name).resource
        advice = (
            f"have the database's security group let in port {self._server.port} from the group {group!r}, "
            "or put the job into one that it lets in ('security_groups' of the connection's network); and "
            "look at routes and network ACLs between"
        )
        took = reach(self._server.host, self._server.port, advice)
        return Finding(f"{self._server} answered in {took:.0f} ms")

    def _encryption(self) -> Finding:
        return encryption(self._server, self._now)

    def _log_in(self) -> Finding:
        login, patience = self._given, min(self._source.lock_timeout_seconds, LONGEST_LOCK_SECONDS)
        self._session.log_in(self._server, login, patience)
        return Finding(f"{login.user!r} is let into database {self._server.database!r}")

    @property
    def _given(self) -> Login:
        if self._login is None:
            raise SourceError("there is no login")
        return self._login
