"""A job run's arguments tell whose it is."""

from lakeshot.runs.job_arguments import JobArguments


def test_the_run_of_a_job_run_is_found_in_its_arguments() -> None:
    """A job run that a person started by hand belongs to no run."""
    assert JobArguments.run_of({"--plan": "s3://bucket/plan.json", "--run": "run-1"}) == "run-1"
    assert JobArguments.run_of({"--JOB_NAME": "lakeshot-dev-reviews"}) is None
