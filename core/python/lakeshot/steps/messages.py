"""What the workflow's steps pass each other: references and counts only, never data.

The state machine is synthesised from the field names of these models and the functions parse their
input with the same models, so neither side can drift from the other.
"""

import json
from datetime import datetime
from typing import Any, Literal

from pydantic import ConfigDict, Field

from lakeshot.model import Model


class PlanInput(Model):
    """What the plan step gets: the execution's input as it came, and the execution itself.

    ``redrive`` is how often the execution has been redriven, here and in every other step's input.
    """

    payload: Any
    execution_arn: str
    started_at: datetime
    redrive: int


class JobStart(Model):
    """How the Glue job is to be started. ``region`` is told because not every Glue process knows it."""

    name: str
    region: str
    workers: int
    worker_type: str
    timeout_minutes: int


class Member(Model):
    """What the plan step settles for the states of one export.

    ``plan`` is the S3 URI of the whole plan. ``exports`` says that DynamoDB exports the table first,
    ``reads`` that the job reads anything, ``readable`` that query engines read what it wrote, ``crawls`` that
    a crawler looks at it.
    """

    run: str
    plan: str
    exports: bool
    reads: bool
    readable: bool
    crawls: bool
    crawler: str
    job: JobStart
    verifiers: tuple[int, ...]


class Planned(Model):
    """What the plan step settles: the exports that run, or the run of which this one is a duplicate."""

    duplicate_of: str | None = None
    plans: tuple[str, ...] = ()
    members: tuple[Member, ...] = ()


class StepInput(Model):
    """What a step gets that works on one export."""

    plan: str
    redrive: int


class NativeExportInput(StepInput):
    """What the native export's step gets, time and again until the export has ended.

    ``waited`` are the seconds between the calls so far.
    """

    waited: int


class NativeExportState(Model):
    """Whether the native export has ended well, and how many seconds to wait before looking again."""

    done: bool
    wait_seconds: int
    waited: int


class VerifyFilesInput(StepInput):
    """One verifier's share: the files whose position modulo the number of verifiers is ``verifier``."""

    verifier: int


class Catalogued(Model):
    """The query whose result has to agree with the manifest, and where it is to run."""

    query: str
    database: str
    workgroup: str


class VerifyReadableInput(StepInput):
    """The Athena query that counted the snapshot's rows; None if no engine reads them."""

    query_execution_id: str | None


class RunInput(Model):
    """What a step gets that works on all exports of the run at once."""

    plans: tuple[str, ...]
    redrive: int


def export_named_in(execution_input: str | None) -> str | None:
    """The export that an execution's input names, if it names one."""
    return _named_in(execution_input, "export")


def group_named_in(execution_input: str | None) -> str | None:
    """The group that an execution's input names, if it names one."""
    return _named_in(execution_input, "group")


def _named_in(execution_input: str | None, field: str) -> str | None:
    document = json.loads(execution_input or "null")
    name = document.get(field) if isinstance(document, dict) else None
    return name if isinstance(name, str) else None


END_OF_EXECUTION = "Step Functions Execution Status Change"
"""What EventBridge calls the event of an execution that ended."""


class ExecutionEnd(Model):
    """The detail of a "Step Functions Execution Status Change" event, as far as it is used.

    ``redrive`` is how often the execution had been redriven when it ended.
    """

    model_config = ConfigDict(extra="ignore")

    execution_arn: str = Field(alias="executionArn")
    status: Literal["FAILED", "TIMED_OUT", "ABORTED"]
    input: str | None = None
    error: str | None = None
    cause: str | None = None
    redrive: int = Field(default=0, alias="redriveCount")

    @property
    def run(self) -> str:
        """The run's id, which is the execution's name."""
        return self.execution_arn.rsplit(":", 1)[-1]

    @property
    def export(self) -> str | None:
        """The export that the execution's input names, if it names one."""
        return export_named_in(self.input)

    @property
    def group(self) -> str | None:
        """The group that the execution's input names, if it names one."""
        return group_named_in(self.input)


class CloseInput(Model):
    """What ``close`` gets: the event itself, or the same shape from the state machine's own Catch."""

    model_config = ConfigDict(extra="ignore")

    detail: ExecutionEnd
    detail_type: str | None = Field(default=None, alias="detail-type")

    @property
    def is_event(self) -> bool:
        """Whether an event says so: it follows every end, the state machine's own Catch only some."""
        return self.detail_type is not None
