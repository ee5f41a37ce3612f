"""The state machine: what every state has to have, and what the way of a run has to be."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from lakeshot.steps.messages import (
    CatalogInput,
    CloseInput,
    PlanInput,
    Planned,
    ReportInput,
    StepInput,
    VerifyFilesInput,
    VerifyReadableInput,
)
from stacks.constructs.asl import parameters, path
from tests.stacks.template import Template

State = Mapping[str, Any]
NOT_CRAWLED = {"crawled": {"Crawler": {"LastCrawl": None}}}
CRAWLED = {"crawled": {"Crawler": {"LastCrawl": {"Status": "FAILED", "LogGroup": "/aws-glue/crawlers"}}}}
JOB_RUN = {"Id": "jr_1", "ExecutionTime": 61, "Arguments": {"--run": "r"}, "JobRunState": "SUCCEEDED"}


def all_states(definition: Mapping[str, Any]) -> Iterator[tuple[str, State]]:
    """Every state, those inside a Map included."""
    for name, state in definition["States"].items():
        yield name, state
        if "ItemProcessor" in state:
            yield from all_states(state["ItemProcessor"])


def tasks(definition: Mapping[str, Any]) -> Iterator[tuple[str, State]]:
    """Every state that does work."""
    return ((name, state) for name, state in all_states(definition) if state["Type"] == "Task")


def test_a_run_takes_the_way_of_the_design(common: Template) -> None:
    """Nothing is catalogued, published or deleted before its gate."""
    states = common.state_machine["States"]
    way, name = [], "Plan"
    while name:
        way.append(name)
        name = states[name].get("Next") or states[name].get("Default")
    assert way == [
        "Plan",
        "ExportTable",
        "VerifyFiles",
        "ChooseCatalog",
        "NothingToCrawl",
        "Catalog",
        "CountRows",
        "VerifyReadable",
        "Publish",
        "Retain",
        "Report",
    ]


def test_every_task_ends_in_time(common: Template) -> None:
    """No task waits for ever, nor does the execution."""
    assert [name for name, state in tasks(common.state_machine) if state["TimeoutSeconds"] <= 0] == []
    assert common.state_machine["TimeoutSeconds"] == 691_200
    assert common.state_machine["States"]["ExportTable"]["TimeoutSeconds"] == 608_400


def test_every_failure_is_closed_and_keeps_its_error(common: Template) -> None:
    """Whatever fails goes to Close, then to Failed with the error it failed with, even if Close fails."""
    states = common.state_machine["States"]
    may_fail = {name for name, state in states.items() if state["Type"] in ("Task", "Map")}
    caught = {name for name in may_fail if states[name]["Catch"][-1]["ErrorEquals"] == ["States.ALL"]}
    assert caught == may_fail
    assert {states[name]["Catch"][-1]["Next"] for name in may_fail - {"Close"}} == {"Close"}
    assert {states[name]["Catch"][-1]["ResultPath"] for name in may_fail - {"Close"}} == {"$"}
    assert states["Close"]["Catch"] == [{"ErrorEquals": ["States.ALL"], "ResultPath": None, "Next": "Failed"}]
    assert (states["Close"]["ResultPath"], states["Close"]["Next"]) == (None, "Failed")
    assert states["Failed"] == {"Type": "Fail", "ErrorPath": "$.Error", "CausePath": "$.Cause"}


def test_transient_errors_are_retried_with_backoff_and_jitter(common: Template) -> None:
    """Every task tries again after errors of the service it calls, never after any error."""
    for name, state in tasks(common.state_machine):
        assert state["Retry"], name
        for retrier in state["Retry"]:
            assert "States.ALL" not in retrier["ErrorEquals"], name
            assert (retrier["JitterStrategy"], retrier["MaxAttempts"] > 0) == ("FULL", True), name
    invoked = [s for _, s in tasks(common.state_machine) if s["Resource"].endswith("lambda:invoke")]
    assert len(invoked) == 8
    assert {error for state in invoked for retrier in state["Retry"] for error in retrier["ErrorEquals"]} == {
        "Lambda.ServiceException",
        "Lambda.AWSLambdaException",
        "Lambda.SdkClientException",
        "Lambda.TooManyRequestsException",
        "Lambda.ClientExecutionTimeoutException",
    }


def test_a_job_is_never_started_twice(common: Template) -> None:
    """Only what Glue certainly refused is started again, because StartJobRun takes no token."""
    (retrier,) = common.state_machine["States"]["ExportTable"]["Retry"]
    assert retrier["ErrorEquals"] == [
        "Glue.ConcurrentRunsExceededException",
        "Glue.ThrottlingException",
        "Glue.ResourceNumberLimitExceededException",
    ]


def test_a_crawl_under_way_is_waited_for_and_followed_by_ours(common: Template) -> None:
    """A crawl that began before our files were there is not enough; the waiting is bounded."""
    states = common.state_machine["States"]
    retrier = states["StartCrawler"]["Retry"][0]
    assert retrier["ErrorEquals"] == ["Glue.CrawlerRunningException", "Glue.CrawlerStoppingException"]
    assert retrier["MaxAttempts"] * retrier["IntervalSeconds"] == 7200
    polls, done = states["CrawlerDone"]["Choices"][1], states["CrawlerDone"]["Choices"][0]
    assert (done["StringEquals"], done["Next"]) == ("READY", "Catalog")
    assert (polls["NumericGreaterThanEquals"], polls["Next"]) == (480, "CrawlerTooSlow")
    assert states["CrawlerTooSlow"]["Result"]["Error"] == "CatalogError"
    assert states["CrawlerTooSlow"]["Next"] == "Close"


@pytest.mark.parametrize(
    ("state", "model", "context"),
    [
        ("Plan", PlanInput, {}),
        ("VerifyShare", VerifyFilesInput, {"plan": "s3://b/plan.json", "verifier": 3}),
        ("Catalog", CatalogInput, {"plan": "s3://b/p", **NOT_CRAWLED}),
        ("Catalog", CatalogInput, {"plan": "s3://b/p", **CRAWLED}),
        ("VerifyReadable", VerifyReadableInput, {"plan": "s3://b/p", "count": {"query_execution_id": "q"}}),
        ("Publish", StepInput, {"plan": "s3://b/p"}),
        ("Retain", StepInput, {"plan": "s3://b/p"}),
        ("Report", ReportInput, {"plan": "s3://b/p", "job_run": JOB_RUN}),
        ("Report", ReportInput, {"plan": "s3://b/p", "job_run": {**JOB_RUN, "DPUSeconds": 12.5}}),
        ("Close", CloseInput, {"Error": "CommitError", "Cause": "{}"}),
    ],
)
def test_a_function_can_parse_what_its_state_sends(
    state: str, model: type[StepInput], context: Mapping[str, Any], common: Template
) -> None:
    """What the stack sets, the runtime parses with the same type."""
    sent = dict(all_states(common.state_machine))[state]["Parameters"]["Payload"]
    model.model_validate(rendered(sent, context))


def rendered(template: Mapping[str, Any], state: Mapping[str, Any]) -> dict[str, Any]:
    """Parameters with their paths followed into a state, or into the context of an execution."""
    execution = {
        "Id": "arn:aws:states:us-east-1:123456789012:execution:lakeshot-dev-export:r",
        "StartTime": "2026-11-21T23:26:05.123Z",
        "Input": {"export": "reviews"},
    }
    found: dict[str, Any] = {}
    for key, value in template.items():
        if isinstance(value, dict):
            found[key] = rendered(value, state)
        elif value == "States.JsonToString($$.Execution.Input)":
            found[key.removesuffix(".$")] = json.dumps(execution["Input"])
        elif key.endswith(".$"):
            here: Any = {"Execution": execution} if value.startswith("$$.") else state
            for part in value.split(".")[1:]:
                here = here[part]
            found[key.removesuffix(".$")] = here
        else:
            found[key] = value
    return found


def test_no_result_replaces_what_the_plan_settled(common: Template) -> None:
    """A state that is entered again, such as a poll, still finds what it needs."""
    places = {
        str(state.get("ResultPath", "")).removeprefix("$.") for _, state in all_states(common.state_machine)
    }
    assert {"job_run", "crawled", "waited", "catalogued", "count"} <= places
    assert places & Planned.model_fields.keys() == set()


def test_verifiers_run_side_by_side_and_leave_nothing_in_the_state(common: Template) -> None:
    """As many at a time as an inline Map allows; what they return is not collected."""
    verify = common.state_machine["States"]["VerifyFiles"]
    assert (verify["MaxConcurrency"], verify["ItemsPath"], verify["ResultPath"]) == (40, "$.verifiers", None)
    assert verify["ItemProcessor"]["ProcessorConfig"] == {"Mode": "INLINE"}
    assert verify["ItemSelector"] == {"plan.$": "$.plan", "verifier.$": "$$.Map.Item.Value"}


def test_a_renamed_field_fails_the_synth() -> None:
    """Neither a path nor parameters can name a field that a step's model does not have."""
    with pytest.raises(ValueError, match="JobStart has no field 'jobname'"):
        path(Planned, "job", "jobname")
    with pytest.raises(ValueError, match=r"not its fields: \['uri'\], without a value: \['plan'\]"):
        parameters(StepInput, uri="$.plan")


def test_every_execution_is_logged_and_traced_without_its_data(common: Template) -> None:
    """All events are logged; what passes between states stays out of the log."""
    properties = common.only("AWS::StepFunctions::StateMachine", StateMachineName="lakeshot-dev-export")
    logging = properties["LoggingConfiguration"]
    assert (logging["Level"], logging["IncludeExecutionData"]) == ("ALL", False)
    assert properties["TracingConfiguration"] == {"Enabled": True}


def test_every_end_without_success_is_closed_or_kept(common: Template) -> None:
    """Aborts and time-outs run no Catch, so an event calls close; what it cannot deliver is kept."""
    rule = common.text(common.only("AWS::Events::Rule"))
    assert rule["EventPattern"]["detail"]["status"] == ["FAILED", "TIMED_OUT", "ABORTED"]
    assert len(rule["EventPattern"]["detail"]["stateMachineArn"]) == 1
    (target,) = rule["Targets"]
    assert "FunctionsClose" in target["Arn"]
    assert "ClosingUndelivered" in target["DeadLetterConfig"]["Arn"]
    (failed,) = common.of_type("AWS::Lambda::EventInvokeConfig")
    assert "ClosingUndelivered" in str(failed["Properties"]["DestinationConfig"]["OnFailure"])
