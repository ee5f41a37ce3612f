"""The functions of the steps invoked twice, as Lambda may do: one after another, at once, and too late."""

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor

import pytest

from local.faults import Fault, Faults
from tests.cloud.pipeline.attacks.functions import STEPS, Answer, invoke, result
from tests.cloud.pipeline.attacks.standing import assert_sound, standing
from tests.cloud.pipeline.pipeline import NAMES, Pipeline

pytestmark = pytest.mark.cloud

IDS = [f"{number:02d}" for number in range(10)]
STATES = {
    "plan": "Plan",
    "verify_files": "VerifyShare",
    "catalog": "Catalog",
    "verify_readable": "VerifyReadable",
    "publish": "Publish",
    "retain": "Retain",
    "report": "Report",
}
MIDST: Mapping[str, tuple[str, str, str]] = {
    "plan": ("s3", "PutObject", "runs/repeated/"),
    "verify_files": ("s3", "GetObject", "snapshots_repeated/"),
    "catalog": ("glue", "BatchCreatePartition", "repeated"),
    "verify_readable": ("dynamodb", "TransactWriteItems", "#repeated"),
    "publish": ("glue", "UpdateTable", '"repeated"'),
    "retain": ("dynamodb", "TransactWriteItems", "#repeated"),
    "report": ("dynamodb", "TransactWriteItems", "#repeated"),
}
"""A request of each step in the midst of what it does."""


def test_every_step_may_be_done_twice(pipeline: Pipeline, faults: Faults) -> None:
    """Whole, while the first is in the midst of it, and again right after the first has ended."""
    pipeline.make_table("Repeated", [{"Id": {"S": one}} for one in IDS])
    pipeline.succeed("repeated")
    paused = {
        step: faults.plant(
            Fault(service=service, operation=operation, role=NAMES.function(step), about=about)
        )
        for step, (service, operation, about) in MIDST.items()
    }
    run = pipeline.start("repeated")
    answers: dict[str, list[Answer]] = {step: [] for step in STEPS}
    for before, step in zip((None, *STEPS), STEPS, strict=False):
        hit = paused[step].hit()
        if before is not None:
            answers[before].append(invoke(pipeline, "repeated", run, before))
        answers[step].append(invoke(pipeline, "repeated", run, step))
        hit.go_on()
    ended = pipeline.end(run)
    assert ended.status == "SUCCEEDED", ended.cause
    for step, given in answers.items():
        first = Answer(result=result(pipeline, run, STATES[step]))
        assert given == [first] * len(given), step
    record = pipeline.record("repeated", run)
    assert (record.state, record.step, record.error) == ("SUCCEEDED", "done", None)
    assert_sound(pipeline, "repeated", shown=record.snapshot, ids=IDS)


def test_no_step_does_anything_after_its_run_has_ended(pipeline: Pipeline) -> None:
    """It is refused, or finds that all is done."""
    before = standing(pipeline, "repeated")
    [run] = {snapshot.run for snapshot in before.snapshots if snapshot.snapshot == before.shown}
    record = pipeline.record("repeated", run)
    with ThreadPoolExecutor() as pool:
        answers = pool.map(lambda step: invoke(pipeline, "repeated", run, step), STEPS)
    assert dict(zip(STEPS, answers, strict=True)) == {
        **dict.fromkeys(STEPS, Answer(error="LockLostError")),
        "report": Answer(),
    }
    assert standing(pipeline, "repeated") == before
    assert pipeline.record("repeated", run) == record
