"""What the workflow's steps pass each other: references and counts only, never data.

The state machine is synthesised from the field names of these models and the functions parse their
input with the same models, so neither side can drift from the other.
"""

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Literal

from pydantic import ConfigDict, Field

from lakeshot.model import Model


class PlanInput(Model):
    """What the plan step gets: the execution's input as it came, and the execution itself."""

    payload: Any
    execution_arn: str
    started_at: datetime


class JobStart(Model):
    """How the Glue job is to be started."""

    name: str
    arguments: Mapping[str, str]
    workers: int
    worker_type: str
    timeout_minutes: int


class Planned(Model):
    """What the plan step settles for the states behind it. ``plan`` is the S3 URI of the whole plan."""

    run: str
    export: str
    plan: str
    catalog: Literal["crawler", "direct"]
    crawler: str
    job: JobStart
    verifiers: tuple[int, ...]


class StepInput(Model):
    """What a step gets that needs only the plan."""

    plan: str


class VerifyFilesInput(StepInput):
    """One verifier's share: the files whose position modulo the number of verifiers is ``verifier``."""

    verifier: int


class LastCrawl(Model):
    """How a crawl ended, as Glue's GetCrawler tells it."""

    model_config = ConfigDict(extra="ignore")

    status: str = Field(alias="Status")
    message: str | None = Field(default=None, alias="ErrorMessage")


class CatalogInput(StepInput):
    """How the crawl ended, or None where the catalog is written directly."""

    crawl: LastCrawl | None = None


class Catalogued(Model):
    """The query whose result has to agree with the manifest, and where it is to run."""

    query: str
    database: str
    workgroup: str


class VerifyReadableInput(StepInput):
    """The Athena query that counted the snapshot's rows."""

    query_execution_id: str


class JobRun(Model):
    """A finished Glue job run, as Glue tells it. ``dpu_seconds`` is None unless auto scaling measured it."""

    model_config = ConfigDict(extra="ignore")

    id: str = Field(alias="Id")
    execution_seconds: int = Field(alias="ExecutionTime")
    dpu_seconds: float | None = Field(default=None, alias="DPUSeconds")


class ReportInput(StepInput):
    """The job run that read the source."""

    job_run: JobRun


def export_named_in(execution_input: str | None) -> str | None:
    """The export that an execution's input names, if it names one."""
    document = json.loads(execution_input or "null")
    name = document.get("export") if isinstance(document, dict) else None
    return name if isinstance(name, str) else None


class ExecutionEnd(Model):
    """The detail of a "Step Functions Execution Status Change" event, as far as it is used."""

    model_config = ConfigDict(extra="ignore")

    execution_arn: str = Field(alias="executionArn")
    status: Literal["FAILED", "TIMED_OUT", "ABORTED"]
    input: str | None = None
    error: str | None = None
    cause: str | None = None

    @property
    def run(self) -> str:
        """The run's id, which is the execution's name."""
        return self.execution_arn.rsplit(":", 1)[-1]

    @property
    def export(self) -> str | None:
        """The export that the execution's input names, if it names one."""
        return export_named_in(self.input)


class CloseInput(Model):
    """What ``close`` gets: the event itself, or the same shape from the state machine's own Catch."""

    model_config = ConfigDict(extra="ignore")

    detail: ExecutionEnd
    detail_type: str | None = Field(default=None, alias="detail-type")

    @property
    def is_event(self) -> bool:
        """Whether an event says so: it follows every end, the state machine's own Catch only some."""
        return self.detail_type is not None
