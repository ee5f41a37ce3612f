"""Links lead to the console of the right partition, or are commands where there is no console."""

from operate.links import links

ARN = "arn:aws:states:eu-west-1:123456789012:execution:lakeshot-dev-export:r-1"


def test_console_pages_of_a_started_job() -> None:
    """Execution, job run and the job's log stream, in the run's own region."""
    assert links(execution_arn=ARN, job="lakeshot-dev-reviews", job_run_id="jr_1", endpoint_url=None) == {
        "execution": "https://eu-west-1.console.aws.amazon.com/states/home?region=eu-west-1"
        f"#/v2/executions/details/{ARN}",
        "job run": "https://eu-west-1.console.aws.amazon.com/gluestudio/home?region=eu-west-1"
        "#/job/lakeshot-dev-reviews/run/jr_1",
        "job log": "https://eu-west-1.console.aws.amazon.com/cloudwatch/home?region=eu-west-1"
        "#logsV2:log-groups/log-group/$252Faws-glue$252Fjobs$252Ferror/log-events/jr_1",
    }


def test_before_the_job_there_is_only_the_execution() -> None:
    """Nothing is linked that does not exist yet."""
    assert list(links(execution_arn=ARN, job="j", job_run_id=None, endpoint_url=None)) == ["execution"]


def test_china_has_its_own_console() -> None:
    """The console's domain follows the partition."""
    arn = ARN.replace("arn:aws:", "arn:aws-cn:").replace("eu-west-1", "cn-north-1")
    found = links(execution_arn=arn, job="j", job_run_id=None, endpoint_url=None)
    assert found["execution"].startswith("https://cn-north-1.console.amazonaws.cn/")


def test_without_a_console_commands_are_given() -> None:
    """On another endpoint each entry is an AWS CLI command for that endpoint."""
    found = links(execution_arn=ARN, job="j", job_run_id="jr_1", endpoint_url="https://127.0.0.1:4566")
    assert found["job run"] == (
        "aws --endpoint-url https://127.0.0.1:4566 --region eu-west-1 "
        "glue get-job-run --job-name j --run-id jr_1"
    )
