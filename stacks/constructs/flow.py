"""The way a run takes, as the states of a state machine.

Every run is of one export or of the members of a group, which are read and verified side by side and
published together. States carry references and counts only; plans, manifests and file lists stay in S3.
Whatever fails is caught once, closed, and ends the execution with the error it failed with.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from lakeshot.config.exports import MOST_MEMBERS
from lakeshot.errors import FINAL
from lakeshot.steps.messages import (
    Catalogued,
    CloseInput,
    ExecutionEnd,
    Member,
    PlanInput,
    Planned,
    RunInput,
    StepInput,
    VerifyReadableInput,
)
from stacks.constructs import crawl, reading
from stacks.constructs.asl import (
    LAMBDA_BUSY,
    LAMBDA_TRANSIENT,
    NOTHING,
    REDRIVE,
    State,
    answer,
    give_up,
    keep,
    parameters,
    path,
    retry,
    task,
    wait_for,
)

EXECUTION_SECONDS = 8 * 24 * 3600
"""Glue runs a job for at most seven days; the rest of a run takes hours."""
QUERY_SECONDS = 1800
WAIT_FOR_CLOSING = wait_for("RunClosingError", seconds=15, longest_seconds=120, attempts=15)
"""Closing a run that has ended takes a function's quarter of an hour at most. Every try has it closed once
more, in case nobody is at it, so the waits grow; together they are 23 minutes."""
STEP_RETRIES = (
    WAIT_FOR_CLOSING,
    retry(*LAMBDA_TRANSIENT),
    # What was read is too dear to be thrown away because other functions of the account are busy.
    retry(LAMBDA_BUSY, seconds=5, attempts=60),
    give_up(*sorted(kind.__name__ for kind in FINAL)),
    # Anything else may be AWS's bad moment, and every step may be repeated.
    retry("States.TaskFailed", seconds=10, attempts=2),
)
CATCH: State = {"ErrorEquals": ["States.ALL"], "ResultPath": "$", "Next": "Close"}
"""The error replaces the state, which whatever comes after it no longer needs."""
CATALOGUED, COUNT = "$.catalogued", "$.count"
ONE = parameters(StepInput, plan=path(Member, "plan"), redrive=REDRIVE)
"""What a step gets that works on one export."""
ALL = parameters(RunInput, plans=path(Planned, "plans"), redrive=REDRIVE)
"""What a step gets that works on all exports of the run."""


@dataclass(frozen=True)
class Invoked:
    """A function as the flow sees it: its ARN, and after how many seconds it has certainly ended."""

    arn: str
    timeout_seconds: int


def definition(functions: Mapping[str, Invoked], *, partition: str) -> State:
    """The whole state machine over the functions of the steps."""

    def invoke(
        step: str,
        payload: State,
        *,
        result: State = NOTHING,
        then: str | None,
        catch: State | None = None,
    ) -> State:
        return task(
            f"arn:{partition}:states:::lambda:invoke",
            {"FunctionName": functions[step].arn, "Payload": payload},
            timeout_seconds=functions[step].timeout_seconds + 60,
            retries=STEP_RETRIES,
            catch=catch,
            result=result,
            then=then,
        )

    return {
        "Comment": "One run of an export or a group: read, verify, catalog, verify, publish",
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
                    redrive=REDRIVE,
                ),
                catch=CATCH,
                result={"OutputPath": "$.Payload"},
                then="ChooseWhetherToRun",
            ),
            "ChooseWhetherToRun": {
                "Type": "Choice",
                "Choices": [
                    {"Variable": path(Planned, "duplicate_of"), "IsNull": False, "Next": "AlreadyRun"}
                ],
                "Default": "Members",
            },
            "AlreadyRun": {"Type": "Succeed"},
            "Members": {
                "Type": "Map",
                "ItemsPath": path(Planned, "members"),
                "MaxConcurrency": MOST_MEMBERS,
                "ItemProcessor": {
                    "ProcessorConfig": {"Mode": "INLINE"},
                    "StartAt": reading.FIRST,
                    "States": {
                        **reading.states(
                            partition,
                            look_at_export=invoke(
                                "native_export",
                                reading.LOOK,
                                result=reading.LOOKED,
                                then="NativeExportDone",
                            ),
                            verify_share=invoke("verify_files", reading.SHARE, then=None),
                            then="ChooseReadable",
                        ),
                        "ChooseReadable": {
                            "Type": "Choice",
                            "Choices": [
                                {
                                    "Variable": path(Member, "readable"),
                                    "BooleanEquals": False,
                                    "Next": "NothingToCount",
                                }
                            ],
                            "Default": crawl.FIRST,
                        },
                        "NothingToCount": {
                            "Type": "Pass",
                            "Result": {"query_execution_id": None},
                            "ResultPath": COUNT,
                            "Next": "VerifyReadable",
                        },
                        **crawl.states(partition, then="Catalog"),
                        "Catalog": invoke(
                            "catalog", ONE, result=keep(CATALOGUED, answer(Catalogued)), then="CountRows"
                        ),
                        "CountRows": _count_rows(partition),
                        "VerifyReadable": invoke(
                            "verify_readable",
                            parameters(
                                VerifyReadableInput,
                                plan=path(Member, "plan"),
                                redrive=REDRIVE,
                                query_execution_id=f"{COUNT}.query_execution_id",
                            ),
                            result={"ResultPath": None, "OutputPath": path(Member, "plan")},
                            then=None,
                        ),
                    },
                },
                "Catch": [CATCH],
                **NOTHING,
                "Next": "Publish",
            },
            "Publish": invoke("publish", ALL, catch=CATCH, then="Retain"),
            "Retain": invoke("retain", ALL, catch=CATCH, then="Report"),
            "Report": invoke("report", ALL, catch=CATCH, then=None),
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
        catch=None,
        result=keep(COUNT, {"query_execution_id.$": "$.QueryExecution.QueryExecutionId"}),
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
        redrive=REDRIVE,
    )
    return parameters(CloseInput, detail=end)
