"""A Glue job and its runs, as the Glue API shapes them."""

import time
from typing import Literal
from uuid import uuid4

from pydantic import BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_pascal

JobRunState = Literal["STARTING", "RUNNING", "STOPPING", "STOPPED", "SUCCEEDED", "FAILED", "TIMEOUT"]
LIVE: frozenset[JobRunState] = frozenset({"STARTING", "RUNNING", "STOPPING"})
DATA_PROCESSING_UNITS = {"G.025X": 0.25, "G.1X": 1, "G.2X": 2, "G.4X": 4, "G.8X": 8}
CONSUMED_ARGUMENTS = frozenset(
    {"--conf", "--extra-py-files", "--additional-python-modules", "--python-modules-installer-option"}
)
"""Arguments that Glue itself acts on; a script does not see them."""


class _GlueModel(BaseModel):
    model_config = ConfigDict(alias_generator=to_pascal, populate_by_name=True, extra="ignore")


class Command(_GlueModel):
    """What a job runs."""

    name: str = "glueetl"
    script_location: str


class ExecutionProperty(_GlueModel):
    """How many runs of a job may live at once."""

    max_concurrent_runs: int = 1


class ConnectionsList(_GlueModel):
    """Names of Glue connections, in the order in which Glue tries them."""

    connections: list[str] = []


class Job(_GlueModel):
    """A deployed job. ``timeout`` is in minutes."""

    name: str
    role: str
    command: Command
    default_arguments: dict[str, str] = {}
    non_overridable_arguments: dict[str, str] = {}
    execution_property: ExecutionProperty = ExecutionProperty()
    connections: ConnectionsList = ConnectionsList()
    timeout: int = 480
    glue_version: str = "5.1"
    worker_type: str = "G.1X"
    number_of_workers: int = 2

    def arguments(self, run: "JobRun") -> dict[str, str]:
        """Merge the job's and the run's arguments as Glue does."""
        glue_given = {"--JOB_NAME": self.name, "--JOB_RUN_ID": run.id}
        return self.default_arguments | run.arguments | self.non_overridable_arguments | glue_given


class StartJobRun(_GlueModel):
    """The request that starts a run; what it names replaces the job's own setting."""

    job_name: str
    arguments: dict[str, str] = {}
    timeout: int | None = None
    worker_type: str | None = None
    number_of_workers: int | None = None


class JobRun(_GlueModel):
    """One run of a job; the fields are the API's, times are epoch seconds, ``timeout`` is in minutes."""

    id: str = Field(default_factory=lambda: f"jr_{uuid4().hex}{uuid4().hex}")
    job_name: str
    attempt: int = 0
    arguments: dict[str, str]
    job_run_state: JobRunState = "STARTING"
    error_message: str | None = None
    started_on: float = Field(default_factory=time.time)
    last_modified_on: float = Field(default_factory=time.time)
    completed_on: float | None = None
    execution_time: int = 0
    timeout: int
    worker_type: str
    number_of_workers: int
    allocated_capacity: int
    max_capacity: float
    glue_version: str
    log_group_name: str = "/aws-glue/jobs"
    predecessor_runs: list[str] = []
    dpu_seconds: float | None = Field(default=None, alias="DPUSeconds")

    @classmethod
    def of(cls, job: Job, start: StartJobRun) -> "JobRun":
        """Make the run that ``start`` asks of ``job``."""
        worker_type = start.worker_type or job.worker_type
        workers = start.number_of_workers or job.number_of_workers
        capacity = workers * DATA_PROCESSING_UNITS.get(worker_type, 1)
        return cls(
            job_name=job.name,
            arguments=start.arguments,
            timeout=start.timeout or job.timeout,
            worker_type=worker_type,
            number_of_workers=workers,
            allocated_capacity=int(capacity),
            max_capacity=capacity,
            glue_version=job.glue_version,
        )

    def end(self, state: JobRunState, error_message: str | None = None) -> None:
        """Record how and when the run ended."""
        self.completed_on = self.last_modified_on = time.time()
        self.execution_time = round(self.completed_on - self.started_on)
        self.dpu_seconds = self.execution_time * self.max_capacity
        self.error_message = error_message
        self.job_run_state = state
