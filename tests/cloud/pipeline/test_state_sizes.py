"""States carry references and counts only: none grows with columns, parts or members beyond 32 KiB."""

import json
from collections.abc import Iterator

import pytest

from lakeshot.config.exports import MOST_MEMBERS
from lakeshot.names import ExportNames
from lakeshot.runs.plan import MOST_VERIFIERS
from lakeshot.steps.messages import JobStart, Member, Planned
from tests.cloud.pipeline.pipeline import Pipeline

MOST_BYTES = 32 * 1024
ATTRIBUTES, SEGMENTS = 1_600, 10_000


def carried(pipeline: Pipeline, run: str) -> Iterator[tuple[int, str]]:
    """Bytes and place of everything that an execution's states were given, gave, sent and received."""
    pages = pipeline.client("stepfunctions").get_paginator("get_execution_history")
    state = "the execution"
    for page in pages.paginate(executionArn=pipeline.arn(run), includeExecutionData=True):
        for event in page["events"]:
            for details in (value for value in event.values() if isinstance(value, dict)):
                state = details.get("name", state) if event["type"].endswith("StateEntered") else state
                for name in ("input", "output", "parameters"):
                    if name in details:
                        yield len(details[name].encode()), f"{details.get('name', state)} {name}"


@pytest.mark.cloud
def test_no_state_of_a_run_of_many_columns_and_parts_is_large(
    pipeline: Pipeline, capsys: pytest.CaptureFixture[str]
) -> None:
    """1,600 attributes read in 10,000 segments; the largest state is told."""
    attributes = {f"Attribute{number:04d}": {"N": str(number)} for number in range(ATTRIBUTES)}
    pipeline.make_table("Wide", [{"Id": {"S": str(number)}, **attributes} for number in range(4)])
    run = pipeline.start("wide")
    ended = pipeline.end(run, seconds=900)
    assert ended.status == "SUCCEEDED", ended
    record = pipeline.record("wide", run)
    assert (record.segments, record.rows) == (SEGMENTS, 4)
    assert len(pipeline.manifest("wide", str(record.snapshot)).columns) == 1 + ATTRIBUTES
    sizes = list(carried(pipeline, run))
    assert {"Plan input", "Plan output", "Members output", "VerifyShare input", "Report output"} <= {
        place for _, place in sizes
    }
    size, place = max(sizes)
    with capsys.disabled():
        print(f"\nlargest state: {place}, {size:,} bytes")  # noqa: T201 - the figure is worth seeing
    assert size < MOST_BYTES
    assert pipeline.number(f'SELECT sum(attribute{ATTRIBUTES - 1}) FROM "wide"') == 4 * (ATTRIBUTES - 1)
    pipeline.assert_settled("wide", shown=record.snapshot, kept=[str(record.snapshot)])


def test_the_states_of_the_largest_group_with_the_longest_names_are_small() -> None:
    """The plan step's answer is the largest there is: what it settles for every member."""
    planned = planned_for(members=MOST_MEMBERS)
    answer = json.dumps(planned.model_dump(mode="json"))  # with spaces, as Lambda writes it
    assert len(answer.encode()) < MOST_BYTES


def planned_for(*, members: int) -> Planned:
    """What the plan step settles for a group whose names are all as long as they may be."""
    run, bucket = "r" * 80, "b" * 63
    names = [ExportNames(stage="s" * 12, export=f"{number:e>40}") for number in range(members)]
    uris = tuple(f"s3://{bucket}/{one.runs_prefix}{run}/plan.json" for one in names)
    return Planned(
        plans=uris,
        members=tuple(
            Member(
                run=run,
                plan=uri,
                exports=True,
                reads=True,
                readable=True,
                crawls=True,
                crawler=one.resource,
                job=JobStart(
                    name=one.resource,
                    region="ap-southeast-1",
                    workers=299,
                    worker_type="G.8X",
                    timeout_minutes=10_080,
                ),
                verifiers=tuple(range(MOST_VERIFIERS)),
            )
            for one, uri in zip(names, uris, strict=True)
        ),
    )
