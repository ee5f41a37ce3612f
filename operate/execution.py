"""A run's execution: started, found again, looked at, stopped, redriven."""

import secrets
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from lakeshot.config.deployed import Deployed
from lakeshot.config.payload import GroupPayload, Payload
from lakeshot.names import snapshot_name
from lakeshot.runs.job_arguments import JobArguments
from lakeshot.runs.records import RunRecord, RunState, RunTable
from lakeshot.steps.failure import explain
from lakeshot.steps.messages import ExecutionEnd, export_named_in, group_named_in
from operate.deployment import Deployment
from operate.errors import CommandError
from operate.flow import BY_MEMBER, FAILED_STATE, Step, entered_last, latest_step, slowest, step_of
from operate.observation import MemberSeen, Observation
from operate.target import Target

if TYPE_CHECKING:
    from mypy_boto3_glue.type_defs import JobRunTypeDef
    from mypy_boto3_stepfunctions.type_defs import DescribeExecutionOutputTypeDef, HistoryEventTypeDef

_NEWEST_EVENTS = 100
"""Enough to find the latest state in; a longer history only repeats older ones."""

_NOT_REDRIVABLE = {
    "is SUCCEEDED": "it succeeded, so there is nothing left to do.",
    "redrivable period exceeded": "it ended more than 14 days ago.",
    "history event limit exceeded": "its history is full (25,000 events).",
    "max execution time": "it was started more than a year ago.",
    "DELETING": "the stage's state machine is being deleted.",
    "before the launch of RedriveExecution": "it is too old for Step Functions to know how.",
}
"""Parts of Step Functions' reasons, and what they mean.

https://docs.aws.amazon.com/step-functions/latest/apireference/API_DescribeExecution.html
"""


class Execution:
    """One run of an export or a group, seen through Step Functions and the run table."""

    def __init__(self, deployment: Deployment, target: Target, run: str) -> None:
        self.target = target
        self.run = run
        self.arn = deployment.execution_arn(run)
        self.clients = deployment.clients
        self.table = deployment.names.run_table
        self._records = RunTable(deployment.clients.tables, self.table, partition=target.partition)
        self._member_records = RunTable(deployment.clients.tables, self.table)
        self._step = Step.PLAN

    @classmethod
    def start(
        cls, deployment: Deployment, target: Target, payload: Payload | GroupPayload, now: datetime
    ) -> "Execution":
        """Start a run with a payload of one's own."""
        execution = cls(deployment, target, run_name(target.name, now))
        execution.clients.executions.start_execution(
            stateMachineArn=deployment.state_machine_arn,
            name=execution.run,
            input=payload.text(),
        )
        return execution

    @classmethod
    def find(cls, deployments: Sequence[Deployment], run: str) -> "Execution":
        """A run by its id. Raises CommandError if there is none, or what it runs is not deployed any more."""
        for deployment in deployments:
            states = deployment.clients.executions
            try:
                found = states.describe_execution(executionArn=deployment.execution_arn(run))
            except (states.exceptions.ExecutionDoesNotExist, states.exceptions.InvalidArn):
                continue
            name = export_named_in(found.get("input")) or group_named_in(found.get("input"))
            target = deployment.target(name) if name else None
            if target is None:
                raise CommandError(
                    f"run {run!r} is of {name!r}, which is not deployed; nothing can be shown of it"
                )
            return cls(deployment, target, run)
        raise CommandError(
            f"there is no run {run!r}; a run's id is its execution's name. See the latest with: make status"
        )

    def observe(self, now: datetime) -> Observation:
        """Look at the run as it is now."""
        found = self.clients.executions.describe_execution(executionArn=self.arn)
        self._step = latest_step(self._newest_events()) or self._step
        state = _state(found)
        record = self._records.get(self.target.name, self.run)
        members = tuple(self._member(deployed, record) for deployed in self.target.members)
        return Observation(
            run=self.run,
            target=self.target,
            at=now,
            started_at=found["startDate"].astimezone(UTC),
            ended_at=found["stopDate"].astimezone(UTC) if "stopDate" in found else None,
            state=state,
            step=self._step_of_all(members) if state is RunState.RUNNING else self._step,
            members=members,
            record=record,
            failure=explain(_end(found)) if state not in (RunState.RUNNING, RunState.SUCCEEDED) else None,
        )

    def _newest_events(self) -> "Sequence[HistoryEventTypeDef]":
        history = self.clients.executions.get_execution_history(
            executionArn=self.arn, reverseOrder=True, maxResults=_NEWEST_EVENTS, includeExecutionData=False
        )
        return history["events"]

    def _member(self, deployed: Deployed, record: RunRecord | None) -> MemberSeen:
        """A single export is at the run's own step; the members of a group tell theirs in their records."""
        if self.target.group is None:
            return MemberSeen(deployed=deployed, step=self._step, record=record)
        own = self._member_records.get(deployed.export, self.run)
        step = step_of(own.step) if own is not None else None
        return MemberSeen(deployed=deployed, step=step or self._step, record=own)

    def _step_of_all(self, members: Sequence[MemberSeen]) -> Step:
        """Members of a group overtake each other, so the newest state may be any one's."""
        if self.target.group is None or self._step not in BY_MEMBER:
            return self._step
        return slowest(member.step for member in members)

    def job_run_id(self, deployed: Deployed) -> str | None:
        """The Glue job run that read one export; None if none was started or Glue knows it no more."""
        jobs = self.clients.jobs
        pages = jobs.get_paginator("get_job_runs").paginate(JobName=deployed.names.resource)
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

    def redrive(self) -> None:
        """Let the run go on where it ended. Raises CommandError that says why it cannot.

        Step Functions goes on at the state that was entered last. After a failure that is the state
        which ends every failed run, so such a run would only fail again.
        """
        states = self.clients.executions
        if entered_last(self._newest_events()) == FAILED_STATE:
            raise CommandError(
                f"run {self.run} cannot be redriven: its failure was closed, so it would only fail again in "
                "the same way; a redrive is for runs that were stopped or ran out of time. "
                f"Start a new run with: make run {self.target.option}"
            )
        try:
            states.redrive_execution(executionArn=self.arn, clientToken=secrets.token_hex(16))
        except states.exceptions.ExecutionNotRedrivable as error:
            reason = states.describe_execution(executionArn=self.arn).get("redriveStatusReason", "")
            raise CommandError(
                f"run {self.run} cannot be redriven: {_why_not(reason or str(error))} "
                f"Start a new run with: make run {self.target.option}"
            ) from error
        except states.exceptions.ExecutionLimitExceeded as error:
            raise CommandError(
                f"run {self.run} cannot be redriven now: the account has as many running executions as AWS "
                "allows. Wait until some have ended, then redrive it again"
            ) from error


def run_name(name: str, now: datetime, token: Callable[[int], str] = secrets.token_hex) -> str:
    """An execution name that tells what runs since when, and is free: ``reviews-20261121T232605Z-1f0c``."""
    return f"{name}-{snapshot_name(now)}-{token(2)}"


def _why_not(reason: str) -> str:
    """What a ``redriveStatusReason`` of Step Functions means; its own words if it is not a known one."""
    known = (words for part, words in _NOT_REDRIVABLE.items() if part in reason)
    return next(known, f"Step Functions says: {reason.rstrip('.')}.")


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
