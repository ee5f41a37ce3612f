"""The way a run takes, as the states of a state machine.

States carry references and counts only; plans, manifests and file lists stay in S3. Whatever fails is
caught once, closed, and ends the execution with the error it failed with.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from lakeshot.steps.messages import (
    CatalogInput,
    Catalogued,
    CloseInput,
    ExecutionEnd,
    PlanInput,
    Planned,
    ReportInput,
    StepInput,
    VerifyReadableInput,
)
from stacks.constructs import crawl, reading
from stacks.constructs.asl import (
    LAMBDA_TRANSIENT,
    NOTHING,
    State,
    answer,
    keep,
    parameters,
    path,
    retry,
    task,
)

EXECUTION_SECONDS = 8 * 24 * 3600
"""Glue runs a job for at most seven days; the rest of a run takes hours."""
QUERY_SECONDS = 1800
CATCH: State = {"ErrorEquals": ["States.ALL"], "ResultPath": "$", "Next": "Close"}
"""The error replaces the state, which whatever comes after it no longer needs."""
CATALOGUED = "$.catalogued"
PLAN = path(Planned, "plan")


@dataclass(frozen=True)
class Invoked:
    """A function as the flow sees it: its ARN, and after how many seconds it has certainly ended."""

    arn: str
    timeout_seconds: int


def definition(functions: Mapping[str, Invoked], *, partition: str) -> State:
    """The whole state machine over the functions of the steps."""

    def invoke(
        step: str, payload: State, *, result: State = NOTHING, then: str | None, catch: State | None = CATCH
    ) -> State:
        return task(
            f"arn:{partition}:states:::lambda:invoke",
            {"FunctionName": functions[step].arn, "Payload": payload},
            timeout_seconds=functions[step].timeout_seconds + 60,
            retries=[retry(*LAMBDA_TRANSIENT)],
            catch=catch,
            result=result,
            then=then,
        )

    return {
        "Comment": "One run of an export: read, verify, catalog, verify, publish",
        "TimeoutSeconds": EXECUTION_SECONDS,
        "StartAt": "Plan",
        "States": {
            "Plan": invoke(
                "plan",
                parameters(
                    PlanInput,
                    payload="$$.Execution.Input",
                    execution_arn="$$.Execution.Id",
                    started_at="$$.Execution.StartTime",
                ),
                result={"OutputPath": "$.Payload"},
                then=reading.FIRST,
            ),
            **reading.states(
                partition,
                verify_share=invoke("verify_files", reading.SHARE, then=None, catch=None),
                catch=CATCH,
                then=crawl.FIRST,
            ),
            **crawl.states(partition, catch=CATCH, then="Catalog"),
            "Catalog": invoke(
                "catalog",
                parameters(CatalogInput, plan=PLAN, crawl=crawl.LAST_CRAWL),
                result=keep(CATALOGUED, answer(Catalogued)),
                then="CountRows",
            ),
            "CountRows": _count_rows(partition),
            "VerifyReadable": invoke(
                "verify_readable",
                parameters(VerifyReadableInput, plan=PLAN, query_execution_id="$.count.query_execution_id"),
                then="Publish",
            ),
            "Publish": invoke("publish", parameters(StepInput, plan=PLAN), then="Retain"),
            "Retain": invoke("retain", parameters(StepInput, plan=PLAN), then="Report"),
            "Report": invoke(
                "report", parameters(ReportInput, plan=PLAN, job_run=reading.JOB_RUN), then=None
            ),
            "Close": invoke(
                "close",
                _end(),
                then="Failed",
                catch={"ErrorEquals": ["States.ALL"], "ResultPath": None, "Next": "Failed"},
            ),
            "Failed": {"Type": "Fail", "ErrorPath": "$.Error", "CausePath": "$.Cause"},
        },
    }


def _count_rows(partition: str) -> State:
    query = {
        "QueryString.$": path(Catalogued, "query", root=CATALOGUED),
        "WorkGroup.$": path(Catalogued, "workgroup", root=CATALOGUED),
        "QueryExecutionContext": {"Database.$": path(Catalogued, "database", root=CATALOGUED)},
    }
    return task(
        f"arn:{partition}:states:::athena:startQueryExecution.sync",
        query,
        timeout_seconds=QUERY_SECONDS,
        retries=[
            retry("Athena.TooManyRequestsException", "Athena.InternalServerException"),
            # Counting changes nothing, and Athena reports a busy moment of S3 as a failed query.
            retry("States.TaskFailed", seconds=10, attempts=2),
        ],
        catch=CATCH,
        result=keep("$.count", {"query_execution_id.$": "$.QueryExecution.QueryExecutionId"}),
        then="VerifyReadable",
    )


def _end() -> State:
    end = parameters(
        ExecutionEnd,
        execution_arn="$$.Execution.Id",
        status="FAILED",
        input="States.JsonToString($$.Execution.Input)",
        error="$.Error",
        cause="$.Cause",
    )
    return parameters(CloseInput, detail=end)
