"""One examination of an export: its own Glue job, started to look instead of to export."""

import secrets
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime

from botocore.exceptions import ClientError

from lakeshot.config.deployed import Deployed
from lakeshot.doctor.arguments import DoctorArguments
from lakeshot.doctor.report import Report, deployed_uri, examination_uri, report_uri
from lakeshot.errors import PermissionDeniedError
from lakeshot.names import snapshot_name
from lakeshot.runs.job_errors import meaning
from lakeshot.runs.liveness import LIVE_JOB_STATES
from lakeshot.stored import load_if_there, save_once
from operate.clients import Clients
from operate.deployment import Deployment
from operate.errors import CommandError, told
from operate.links import links

WORKERS = 2
"""As few as a job may have; the one that is not the driver has nothing to do."""
TIMEOUT_MINUTES = 10


@dataclass(frozen=True)
class Look:
    """An examination as it stands: Glue's state of the job run, its message, and the report so far."""

    state: str
    message: str
    report: Report | None

    @property
    def ended(self) -> bool:
        """Whether nothing more will be found."""
        return self.state not in LIVE_JOB_STATES


@dataclass(frozen=True)
class Examination:
    """A job run that examines."""

    clients: Clients
    deployed: Deployed
    uri: str
    job_run_id: str

    @classmethod
    def start(
        cls,
        deployment: Deployment,
        deployed: Deployed,
        now: datetime,
        token: Callable[[int], str] = secrets.token_hex,
    ) -> "Examination":
        """Leave what is deployed for the job, and start it. CommandError that says why it cannot be."""
        clients = deployment.clients
        uri = examination_uri(deployed, f"{snapshot_name(now)}-{token(2)}")
        save_once(clients.files, deployed_uri(uri), deployed)
        try:
            started = clients.jobs.start_job_run(
                JobName=deployed.names.resource,
                Arguments=DoctorArguments(doctor=uri, region=clients.region).given(),
                WorkerType=deployed.worker_type,  # type: ignore[arg-type]  # which the config has checked
                NumberOfWorkers=WORKERS,
                Timeout=TIMEOUT_MINUTES,
            )
        except clients.jobs.exceptions.EntityNotFoundException as error:
            raise CommandError(
                f"Glue has no job {deployed.names.resource!r}: deploy it with: make deploy"
            ) from error
        except ClientError as error:
            advice = meaning(str(error))
            if advice is None:
                raise
            raise CommandError(f"{told(error)} That means: {advice}.") from error
        return cls(clients, deployed, uri, started["JobRunId"])

    def look(self) -> Look:
        """The job run and its report as they are now."""
        job, run = self.deployed.names.resource, self.job_run_id
        found = self.clients.jobs.get_job_run(JobName=job, RunId=run)["JobRun"]
        look = Look(found["JobRunState"], found.get("ErrorMessage", ""), None)
        if look.ended:
            return Look(look.state, look.message, self._report())
        # Where somebody may not list objects, S3 refuses to say that there is none yet.
        with suppress(PermissionDeniedError):
            return Look(look.state, look.message, self._report())
        return look

    def stop(self) -> None:
        """End the job run."""
        self.clients.jobs.batch_stop_job_run(
            JobName=self.deployed.names.resource, JobRunIds=[self.job_run_id]
        )

    def links(self, arn: str) -> dict[str, str]:
        """Where to look further; ``arn`` is of something in the same place."""
        found = links(
            execution_arn=arn,
            job=self.deployed.names.resource,
            job_run_id=self.job_run_id,
            endpoint_url=self.clients.endpoint_url,
        )
        return {what: where for what, where in found.items() if what != "execution"}

    def _report(self) -> Report | None:
        return load_if_there(self.clients.files, report_uri(self.uri), Report)
