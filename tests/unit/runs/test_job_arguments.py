"""A job run's arguments: what it is told, and whose it is."""

from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lakeshot.errors import PayloadError
from lakeshot.runs.job_arguments import JobArguments

ARGV = (
    *("script.py", "--JOB_NAME", "lakeshot-dev-reviews", "--JOB_RUN_ID", "jr_1", "--TempDir", "s3://t"),
    *("--run", "run-1", "--plan", "s3://bucket/plan.json", "--redrive", "2", "--region", "us-east-1"),
)


def test_a_script_finds_its_arguments_among_those_of_glue() -> None:
    """Glue passes more than the state machine gave."""
    assert JobArguments.parse(ARGV) == JobArguments(
        run="run-1", plan="s3://bucket/plan.json", redrive=2, region="us-east-1", JOB_RUN_ID="jr_1"
    )


def test_a_value_that_is_called_like_an_argument_is_none() -> None:
    """A person names an execution as they like."""
    argv = ["script.py", "--run", "redrive", "--redrive", "2", "--region", "plan", "--plan", "s3://b/p.json"]
    parsed = JobArguments.parse([*argv, "--JOB_RUN_ID", "run"])
    assert (parsed.run, parsed.redrive, parsed.region, parsed.plan) == ("redrive", 2, "plan", "s3://b/p.json")


def test_a_job_started_by_hand_is_told_what_it_lacks() -> None:
    """By the names of the arguments."""
    with pytest.raises(PayloadError, match="lacks the arguments --plan, --redrive, --region, --run; start"):
        JobArguments.parse(["script.py", "--JOB_RUN_ID", "jr_1"])


def test_whoever_starts_the_job_gives_all_but_what_glue_adds() -> None:
    """The state machine is made from this."""
    assert JobArguments.given() == {"run", "plan", "redrive", "region"}


def test_the_run_of_a_job_run_is_found_in_its_arguments() -> None:
    """A job run that a person started by hand belongs to no run."""
    assert JobArguments.run_of({"--plan": "s3://bucket/plan.json", "--run": "run-1"}) == "run-1"
    assert JobArguments.run_of({"--JOB_NAME": "lakeshot-dev-reviews"}) is None


TEXT = st.text(st.characters(exclude_categories=["Cs"]), min_size=1).filter(
    lambda text: not text.startswith("--")
)


@given(
    given=st.builds(JobArguments, run=TEXT, plan=TEXT, redrive=st.integers(0), region=TEXT, JOB_RUN_ID=TEXT),
    order=st.randoms(use_true_random=False),
)
def test_arguments_are_parsed_in_any_order(given: JobArguments, order: Random) -> None:
    """Whatever texts they are."""
    pairs = [(f"--{name}", str(value)) for name, value in given.model_dump().items()]
    order.shuffle(pairs)
    assert JobArguments.parse(["script.py", *(text for pair in pairs for text in pair)]) == given
