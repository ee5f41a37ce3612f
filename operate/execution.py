"""A run's execution: started, found again, looked at, stopped."""

import secrets
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from lakeshot.config.deployed import Deployed
from lakeshot.config.payload import Payload
from lakeshot.names import snapshot_name
from lakeshot.runs.job_arguments import JobArguments
from lakeshot.runs.records import RunState, RunTable
from lakeshot.steps.failure import explain
from lakeshot.steps.messages import ExecutionEnd, export_named_in
from operate.deployment import Deployment
from operate.errors import CommandError
from operate.flow import Step, latest_step
from operate.observation import Observation

if TYPE_CHECKING:
    from mypy_boto3_glue.type_defs import JobRunTypeDef
    from mypy_boto3_stepfunctions.type_defs import DescribeExecutionOutputTypeDef

_NEWEST_EVENTS = 100
"""Enough to find the latest state in; a longer history only repeats older ones."""


class Execution:
    """One run of an export, seen through Step Functions and the run table."""

    def __init__(self, deployment: Deployment, deployed: Deployed, run: str) -> None:
        self.deployed = deployed
        self.run = run
        self.arn = deployment.execution_arn(run)
        self.clients = deployment.clients
        self._records = RunTable(deployment.clients.tables, deployment.names.run_table)
        self._step = Step.PLAN

    @classmethod
    def start(
        cls, deployment: Deployment, deployed: Deployed, payload: Payload, now: datetime
    ) -> "Execution":
        """Start a run with a payload of one's own."""
        execution = cls(deployment, deployed, run_name(deployed.export, now))
        execution.clients.executions.start_execution(
            stateMachineArn=deployment.state_machine_arn,
            name=execution.run,
            input=payload.model_dump_json(exclude_none=True),
        )
        return execution

    @classmethod
    def find(cls, deployments: Sequence[Deployment], run: str) -> "Execution":
        """A run by its id. Raises CommandError if there is none or its export is not deployed any more."""
        for deployment in deployments:
            states = deployment.clients.executions
            try:
                found = states.describe_execution(executionArn=deployment.execution_arn(run))
            except (states.exceptions.ExecutionDoesNotExist, states.exceptions.InvalidArn):
                continue
            name = export_named_in(found.get("input"))
            deployed = deployment.export(name) if name else None
            if deployed is None:
                raise CommandError(
                    f"run {run!r} is of export {name!r}, which is not deployed; nothing can be shown of it"
                )
            return cls(deployment, deployed, run)
        raise CommandError(
            f"there is no run {run!r}; a run's id is its execution's name. See the latest with: make status"
        )

    def observe(self, now: datetime) -> Observation:
        """Look at the run as it is now."""
        found = self.clients.executions.describe_execution(executionArn=self.arn)
        history = self.clients.executions.get_execution_history(
            executionArn=self.arn, reverseOrder=True, maxResults=_NEWEST_EVENTS, includeExecutionData=False
        )
        self._step = latest_step(history["events"]) or self._step
        state = _state(found)
        return Observation(
            run=self.run,
            deployed=self.deployed,
            at=now,
            started_at=found["startDate"].astimezone(UTC),
            ended_at=found["stopDate"].astimezone(UTC) if "stopDate" in found else None,
            state=state,
            step=self._step,
            record=self._records.get(self.deployed.export, self.run),
            failure=explain(_end(found)) if state not in (RunState.RUNNING, RunState.SUCCEEDED) else None,
        )

    def job_run_id(self) -> str | None:
        """The Glue job run of this run, or None if none was started or Glue knows it no more."""
        jobs = self.clients.jobs
        pages = jobs.get_paginator("get_job_runs").paginate(JobName=self.deployed.names.resource)
        try:
            found = (one["Id"] for page in pages for one in page["JobRuns"] if self._is_own(one))
            return next(found, None)
        except jobs.exceptions.EntityNotFoundException:
            return None

    def _is_own(self, job_run: "JobRunTypeDef") -> bool:
        return JobArguments.run_of(job_run.get("Arguments", {})) == self.run

    def stop(self, by: str) -> None:
        """Stop the run; its close step then ends the job and removes what the run wrote."""
        self.clients.executions.stop_execution(
            executionArn=self.arn, error="Stopped", cause=f"stopped by {by}"
        )


def run_name(export: str, now: datetime, token: Callable[[int], str] = secrets.token_hex) -> str:
    """An execution name that tells export and start, and is free: ``reviews-20261121T232605Z-1f0c``."""
    return f"{export}-{snapshot_name(now)}-{token(2)}"


def _state(execution: "DescribeExecutionOutputTypeDef") -> RunState:
    if execution["status"] == "PENDING_REDRIVE":
        return RunState.FAILED
    return RunState(execution["status"])


def _end(execution: "DescribeExecutionOutputTypeDef") -> ExecutionEnd:
    return ExecutionEnd.model_validate(
        {
            "executionArn": execution["executionArn"],
            "status": _state(execution).value,
            "input": execution.get("input"),
            "error": execution.get("error"),
            "cause": execution.get("cause"),
        }
    )
