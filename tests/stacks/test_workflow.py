"""The state machine: what every state has to have, and what the way of a run has to be."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from lakeshot.config.exports import MOST_MEMBERS
from lakeshot.errors import FINAL
from lakeshot.model import Model
from lakeshot.runs.job_arguments import JobArguments
from lakeshot.steps.messages import (
    Catalogued,
    CloseInput,
    ExecutionEnd,
    JobStart,
    Member,
    NativeExportInput,
    PlanInput,
    Planned,
    RunInput,
    StepInput,
    VerifyFilesInput,
    VerifyReadableInput,
)
from stacks.constructs.asl import parameters, path
from tests.stacks.template import Template

State = Mapping[str, Any]
EXECUTION = {
    "Id": "arn:aws:states:us-east-1:123456789012:execution:lakeshot-dev-export:r",
    "StartTime": "2026-11-21T23:26:05.123Z",
    "Input": {"export": "reviews"},
    "RedriveCount": 2,
}
MEMBER = Member(
    run="r",
    plan="s3://b/runs/reviews/r/plan.json",
    exports=True,
    reads=True,
    readable=True,
    crawls=True,
    crawler="lakeshot-dev-reviews",
    job=JobStart(
        name="lakeshot-dev-reviews", region="us-east-1", workers=2, worker_type="G.1X", timeout_minutes=60
    ),
    verifiers=(0, 1),
)
PLANNED = Planned(plans=(MEMBER.plan,), members=(MEMBER,))
LAMBDA_TRANSIENT = {
    "Lambda.ServiceException",
    "Lambda.AWSLambdaException",
    "Lambda.SdkClientException",
    "Lambda.ClientExecutionTimeoutException",
}


def waits(retrier: State) -> list[float]:
    """The seconds between the tries of a retrier without jitter."""
    assert "JitterStrategy" not in retrier
    longest, rate = retrier["MaxDelaySeconds"], retrier["BackoffRate"]
    return [min(longest, retrier["IntervalSeconds"] * rate**tried) for tried in range(retrier["MaxAttempts"])]


def all_states(states: Mapping[str, State]) -> Iterator[tuple[str, State]]:
    """Every state, those inside a Map included."""
    for name, state in states.items():
        yield name, state
        if "ItemProcessor" in state:
            yield from all_states(state["ItemProcessor"]["States"])


def tasks(definition: State) -> dict[str, State]:
    """Every state that does work."""
    return {name: state for name, state in all_states(definition["States"]) if state["Type"] == "Task"}


def invoking(definition: State) -> dict[str, State]:
    """Every state that invokes a function."""
    return {n: state for n, state in tasks(definition).items() if state["Resource"].endswith("lambda:invoke")}


def of_members(definition: State) -> Mapping[str, State]:
    """The states that every export of a run goes through by itself."""
    states: Mapping[str, State] = definition["States"]["Members"]["ItemProcessor"]["States"]
    return states


def way(states: Mapping[str, State], name: str | None) -> list[str]:
    """From state to state, where there is a choice by its default, to the end or to where it has been."""
    found: list[str] = []
    while name and name not in found:
        found.append(name)
        name = states[name].get("Next") or states[name].get("Default")
    return found


def test_a_run_takes_the_way_of_the_design(common: Template) -> None:
    """Nothing is published or deleted before every export of the run has passed its gates."""
    states = common.state_machine["States"]
    assert way(states, common.state_machine["StartAt"]) == [
        "Plan",
        "ChooseWhetherToRun",
        "Members",
        "Publish",
        "Retain",
        "Report",
    ]
    assert (states["Report"]["End"], states["Members"]["ItemsPath"]) == (True, "$.members")


def test_every_export_of_a_run_takes_the_same_way(common: Template) -> None:
    """Nothing is catalogued before its files are verified, nor called readable before it was counted."""
    states = of_members(common.state_machine)
    first = common.state_machine["States"]["Members"]["ItemProcessor"]["StartAt"]
    (exports, reads), (crawls,) = states[first]["Choices"], states["ChooseCatalog"]["Choices"]
    assert (reads["Variable"], reads["BooleanEquals"], reads["Next"]) == ("$.reads", True, "ExportTable")
    assert (exports["Variable"], exports["BooleanEquals"]) == ("$.exports", True)
    assert (crawls["Variable"], crawls["BooleanEquals"]) == ("$.crawls", True)
    assert way(states, "ExportTable") == [
        "ExportTable",
        "VerifyFiles",
        "ChooseReadable",
        "ChooseCatalog",
        "Catalog",
        "CountRows",
        "VerifyReadable",
    ]
    assert way(states, first)[1] == "VerifyFiles"  # a rollback has nothing to read
    assert way(states, crawls["Next"])[:3] == ["StartCrawler", "WaitForCrawler", "GetCrawler"]


def test_what_no_engine_reads_is_neither_catalogued_nor_counted(common: Template) -> None:
    """Its files are verified as all are; then there is no query that could count its rows."""
    states = of_members(common.state_machine)
    (unread,) = states["ChooseReadable"]["Choices"]
    assert (unread["Variable"], unread["BooleanEquals"]) == ("$.readable", False)
    assert way(states, unread["Next"]) == ["NothingToCount", "VerifyReadable"]
    skipped = states["NothingToCount"]
    given = {**MEMBER.model_dump(), skipped["ResultPath"].removeprefix("$."): skipped["Result"]}
    sent = rendered(states["VerifyReadable"]["Parameters"]["Payload"], given)
    assert VerifyReadableInput.model_validate(sent).query_execution_id is None


def test_a_native_export_is_waited_for_before_the_job_begins(common: Template) -> None:
    """However often one has to look; the function says how long to wait in between."""
    states = of_members(common.state_machine)
    exports = states["ChooseReading"]["Choices"][0]
    assert way(states, exports["Next"])[:3] == ["BeginNativeExport", "NativeExport", "NativeExportDone"]
    (done,) = states["NativeExportDone"]["Choices"]
    assert (done["Variable"], done["BooleanEquals"], done["Next"]) == (
        "$.native_export.done",
        True,
        "ExportTable",
    )
    wait = states[states["NativeExportDone"]["Default"]]
    assert (wait["SecondsPath"], wait["Next"]) == ("$.native_export.wait_seconds", "NativeExport")


def test_a_duplicate_ends_well_without_doing_anything(common: Template) -> None:
    """The run of the same scheduled time does it all."""
    states = common.state_machine["States"]
    (choice,) = states["ChooseWhetherToRun"]["Choices"]
    assert choice == {"Variable": "$.duplicate_of", "IsNull": False, "Next": "AlreadyRun"}
    assert states["AlreadyRun"] == {"Type": "Succeed"}


def test_as_many_members_as_a_group_may_have_run_side_by_side(common: Template) -> None:
    """A group's views are published together, so no member waits for another one's turn."""
    members = common.state_machine["States"]["Members"]
    assert (members["MaxConcurrency"], members["ResultPath"]) == (25, None)
    assert members["ItemProcessor"]["ProcessorConfig"] == {"Mode": "INLINE"}


def test_every_task_ends_in_time(common: Template) -> None:
    """No task waits for ever, nor does the execution."""
    seconds = {name: state["TimeoutSeconds"] for name, state in tasks(common.state_machine).items()}
    assert common.state_machine["TimeoutSeconds"] == 691_200
    assert seconds == {
        "Plan": 180,
        "NativeExport": 180,
        "ExportTable": 608_400,
        "VerifyShare": 960,
        "StartCrawler": 60,
        "GetCrawler": 60,
        "Catalog": 660,
        "CountRows": 1800,
        "VerifyReadable": 660,
        "Publish": 660,
        "Retain": 960,
        "Report": 120,
        "Close": 960,
    }


def test_every_failure_is_closed_once_and_keeps_its_error(common: Template) -> None:
    """Whatever fails goes to Close, then to Failed with the error it failed with, even if Close fails."""
    states = common.state_machine["States"]
    may_fail = {name for name, state in states.items() if state["Type"] in ("Task", "Map")}
    assert may_fail == {"Plan", "Members", "Publish", "Retain", "Report", "Close"}
    for name in may_fail - {"Close"}:
        assert states[name]["Catch"] == [
            {"ErrorEquals": ["States.ALL"], "ResultPath": "$", "Next": "Close"}
        ], name
    assert states["Close"]["Catch"] == [{"ErrorEquals": ["States.ALL"], "ResultPath": None, "Next": "Failed"}]
    assert (states["Close"]["ResultPath"], states["Close"]["Next"]) == (None, "Failed")
    assert states["Failed"] == {"Type": "Fail", "ErrorPath": "$.Error", "CausePath": "$.Cause"}


def test_no_member_catches_its_own_failure(common: Template) -> None:
    """One that fails ends the run for all: a group is published as one or not at all."""
    inside = dict(all_states(of_members(common.state_machine)))
    assert len(inside) > 10
    assert [name for name, state in inside.items() if "Catch" in state] == []


def test_transient_errors_are_retried_with_backoff_and_jitter(common: Template) -> None:
    """Every task tries again after errors of the service it calls, never after any error."""
    for name, state in tasks(common.state_machine).items():
        assert state["Retry"], name
        for retrier in state["Retry"]:
            assert "States.ALL" not in retrier["ErrorEquals"], name
            if retrier.get("BackoffRate") == 2:
                assert retrier["JitterStrategy"] == "FULL", name


def test_a_step_is_tried_again_unless_its_own_error_says_that_this_is_no_use(common: Template) -> None:
    """The retriers in their order, of which Step Functions takes the first that fits."""
    for name, state in invoking(common.state_machine).items():
        closing, transient, busy, final, any_other = state["Retry"]
        assert closing["ErrorEquals"] == ["RunClosingError"], name
        assert set(transient["ErrorEquals"]) == LAMBDA_TRANSIENT, name
        assert busy["ErrorEquals"] == ["Lambda.TooManyRequestsException"], name
        # With full jitter a wait is half its length on average.
        assert busy["MaxAttempts"] * busy["MaxDelaySeconds"] / 2 >= 1500, name
        assert final == {"ErrorEquals": sorted(kind.__name__ for kind in FINAL), "MaxAttempts": 0}, name
        assert (any_other["ErrorEquals"], any_other["MaxAttempts"]) == (["States.TaskFailed"], 2), name
    assert len(invoking(common.state_machine)) == 9


def test_every_step_waits_for_a_run_to_be_closed(common: Template) -> None:
    """At least as long as the function that closes it may take, and never for a run that is at work.

    Planning waits for another run that has ended; after a redrive any step may find its own still being
    closed. Only the functions can tell.
    """
    waiting = {
        name: retrier
        for name, state in tasks(common.state_machine).items()
        for retrier in state["Retry"]
        if "RunClosingError" in retrier["ErrorEquals"]
    }
    assert sorted(waiting) == sorted(invoking(common.state_machine))
    for name, retrier in waiting.items():
        assert retrier["ErrorEquals"] == ["RunClosingError"], name
        assert sum(waits(retrier)) >= 20 * 60, name


def test_a_job_is_never_started_twice(common: Template) -> None:
    """Only what Glue certainly refused is started again, because StartJobRun takes no token."""
    (retrier,) = tasks(common.state_machine)["ExportTable"]["Retry"]
    assert retrier["ErrorEquals"] == [
        "Glue.ConcurrentRunsExceededException",
        "Glue.ThrottlingException",
        "Glue.ResourceNumberLimitExceededException",
    ]


def test_a_crawl_under_way_is_waited_for_and_followed_by_ours(common: Template) -> None:
    """A crawl that began before our files were there is not enough; the waiting is bounded."""
    states = of_members(common.state_machine)
    retrier = states["StartCrawler"]["Retry"][0]
    assert retrier["ErrorEquals"] == ["Glue.CrawlerRunningException", "Glue.CrawlerStoppingException"]
    assert sum(waits(retrier)) >= 7200
    done, polls = states["CrawlerDone"]["Choices"]
    assert (done["StringEquals"], done["Next"]) == ("READY", "Catalog")
    assert (polls["NumericGreaterThanEquals"], polls["Next"]) == (51, "CrawlerTooSlow")
    assert (states["CrawlerTooSlow"]["Type"], states["CrawlerTooSlow"]["Error"]) == ("Fail", "CatalogError")
    assert "did not end within 120 minutes" in states["CrawlerTooSlow"]["Cause"]


def test_a_crawl_is_polled_quickly_at_first_and_slowly_later(common: Template) -> None:
    """All members of a group write into one history, which may hold 25,000 events."""
    states = of_members(common.state_machine)
    assert (states["CrawlerDone"]["Default"], states["CountPoll"]["Next"]) == ("CountPoll", "ChooseWait")
    (quick,) = states["ChooseWait"]["Choices"]
    assert (quick["NumericLessThan"], quick["Next"]) == (12, "WaitForCrawler")
    slow = states[states["ChooseWait"]["Default"]]
    assert (slow["Seconds"], slow["Next"]) == (180, "GetCrawler")
    events_of_a_poll = 13  # Wait, CrawlerDone, CountPoll and ChooseWait have 2 each, GetCrawler has 5
    most_polls = states["CrawlerDone"]["Choices"][1]["NumericGreaterThanEquals"]
    assert (most_polls + 1) * events_of_a_poll * MOST_MEMBERS < 20_000


@pytest.mark.parametrize(
    ("state", "model", "given"),
    [
        ("Plan", PlanInput, {}),
        (
            "NativeExport",
            NativeExportInput,
            {**MEMBER.model_dump(), "native_export": {"waited": 60}},
        ),
        ("VerifyShare", VerifyFilesInput, {"plan": "s3://b/plan.json", "verifier": 3, "redrive": 2}),
        ("Catalog", StepInput, MEMBER.model_dump()),
        (
            "VerifyReadable",
            VerifyReadableInput,
            {**MEMBER.model_dump(), "count": {"query_execution_id": "q"}},
        ),
        ("Publish", RunInput, PLANNED.model_dump()),
        ("Retain", RunInput, PLANNED.model_dump()),
        ("Report", RunInput, PLANNED.model_dump()),
        ("Close", CloseInput, {"Error": "CommitError", "Cause": "{}"}),
    ],
)
def test_a_function_can_parse_what_its_state_sends(
    state: str, model: type[Model], given: Mapping[str, Any], common: Template
) -> None:
    """What the stack sets, the runtime parses with the same type, and every step knows the redrive."""
    sent = rendered(tasks(common.state_machine)[state]["Parameters"]["Payload"], given)
    parsed = model.model_validate(sent)
    if model is not CloseInput:
        assert parsed.model_dump()["redrive"] == 2


def test_every_function_of_the_workflow_is_parsed_above(common: Template) -> None:
    """A step that is added is held to the same."""
    (cases,) = test_a_function_can_parse_what_its_state_sends.pytestmark
    assert sorted(invoking(common.state_machine)) == sorted(state for state, _, _ in cases.args[1])


def test_a_verifier_gets_its_share_of_a_members_files(common: Template) -> None:
    """As many at a time as an inline Map allows; what they return is not collected."""
    verify = of_members(common.state_machine)["VerifyFiles"]
    assert (verify["MaxConcurrency"], verify["ItemsPath"], verify["ResultPath"]) == (40, "$.verifiers", None)
    assert verify["ItemProcessor"]["ProcessorConfig"] == {"Mode": "INLINE"}
    share = VerifyFilesInput.model_validate(rendered(verify["ItemSelector"], MEMBER.model_dump(), item=1))
    assert share == VerifyFilesInput(plan=MEMBER.plan, verifier=1, redrive=2)


def test_the_job_can_parse_the_arguments_it_is_started_with(common: Template) -> None:
    """Texts only, as Glue takes them; what Glue adds itself comes on top."""
    job = rendered(tasks(common.state_machine)["ExportTable"]["Parameters"], MEMBER.model_dump())
    assert (job["JobName"], job["NumberOfWorkers"]) == ("lakeshot-dev-reviews", 2)
    assert (job["WorkerType"], job["Timeout"]) == ("G.1X", 60)
    assert {type(value) for value in job["Arguments"].values()} == {str}
    argv = [text for pair in job["Arguments"].items() for text in pair]
    assert JobArguments.parse(["script.py", *argv, "--JOB_RUN_ID", "jr_1"]) == JobArguments(
        run="r", plan=MEMBER.plan, redrive=2, region="us-east-1", JOB_RUN_ID="jr_1"
    )


def test_rows_are_counted_by_the_query_that_the_catalog_step_gave(common: Template) -> None:
    """In the stage's own workgroup; only the query's id is kept."""
    states = of_members(common.state_machine)
    catalogued = Catalogued(query="SELECT 1", database="lakeshot", workgroup="lakeshot-dev")
    assert states["Catalog"]["ResultPath"] == "$.catalogued"
    kept = rendered(states["Catalog"]["ResultSelector"], {"Payload": catalogued.model_dump()})
    assert kept == catalogued.model_dump()
    assert rendered(states["CountRows"]["Parameters"], {**MEMBER.model_dump(), "catalogued": kept}) == {
        "QueryString": "SELECT 1",
        "WorkGroup": "lakeshot-dev",
        "QueryExecutionContext": {"Database": "lakeshot"},
    }
    answer = {"QueryExecution": {"QueryExecutionId": "q", "Statistics": {}}}
    assert rendered(states["CountRows"]["ResultSelector"], answer) == {"query_execution_id": "q"}


def rendered(template: Mapping[str, Any], state: Mapping[str, Any], item: int = 0) -> dict[str, Any]:
    """Parameters with their paths followed into a state, or into the context of an execution."""
    context = {"Execution": EXECUTION, "Map": {"Item": {"Value": item}}}
    found: dict[str, Any] = {}
    for key, value in template.items():
        if isinstance(value, dict):
            found[key] = rendered(value, state, item)
        elif value == "States.JsonToString($$.Execution.Input)":
            found[key.removesuffix(".$")] = json.dumps(EXECUTION["Input"])
        elif value == "States.Format('{}', $$.Execution.RedriveCount)":
            found[key.removesuffix(".$")] = str(EXECUTION["RedriveCount"])
        elif key.endswith(".$"):
            here: Any = context if value.startswith("$$.") else state
            for part in value.split(".")[1:]:
                here = here[part]
            found[key.removesuffix(".$")] = here
        else:
            found[key] = value
    return found


def test_no_result_replaces_what_the_plan_settled(common: Template) -> None:
    """A state that is entered again, such as a poll, still finds what it needs."""
    places = {
        str(state["ResultPath"]).removeprefix("$.")
        for state in dict(all_states(of_members(common.state_machine))).values()
        if state.get("ResultPath") is not None
    }
    assert places == {"native_export", "crawler_state", "waited", "catalogued", "count"}
    assert places & (Member.model_fields.keys() | Planned.model_fields.keys()) == set()


def test_a_members_result_is_no_more_than_its_plan(common: Template) -> None:
    """Even those of the largest group stay far below what states may pass on."""
    assert of_members(common.state_machine)["VerifyReadable"]["OutputPath"] == "$.plan"


def test_a_renamed_field_fails_the_synth() -> None:
    """Neither a path nor parameters can name a field that a step's model does not have."""
    with pytest.raises(ValueError, match="JobStart has no field 'jobname'"):
        path(Member, "job", "jobname")
    with pytest.raises(
        ValueError, match=r"not its fields: \['uri'\], without a value: \['plan', 'redrive'\]"
    ):
        parameters(StepInput, uri="$.plan")
    with pytest.raises(ValueError, match=r"ExecutionEnd\.status cannot be 'SUCCEEDED'"):
        parameters(ExecutionEnd, execution_arn="$.a", status="SUCCEEDED")


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
