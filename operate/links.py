"""Where to look further: pages of the AWS console, or commands where there is no console."""

from urllib.parse import quote

JOB_ERROR_LOGS = "/aws-glue/jobs/error"
"""Log group of a Glue job's own messages and stack traces."""

_DOMAINS = {"aws-cn": "console.amazonaws.cn", "aws-us-gov": "console.amazonaws-us-gov.com"}


def links(
    *, execution_arn: str, job: str, job_run_id: str | None, endpoint_url: str | None
) -> dict[str, str]:
    """By what it shows: the execution and, once it was started, the job run and its log.

    With an ``endpoint_url`` there is no console, so each is an AWS CLI command instead.
    """
    _, partition, _, region, *_ = execution_arn.split(":")
    if endpoint_url is not None:
        return _commands(
            execution_arn, job, job_run_id, f"aws --endpoint-url {endpoint_url} --region {region}"
        )
    console = f"https://{region}.{_DOMAINS.get(partition, 'console.aws.amazon.com')}"
    states = f"{console}/states/home?region={region}#/v2/executions/details"
    found = {"execution": f"{states}/{quote(execution_arn, safe=':')}"}
    if job_run_id is not None:
        found["job run"] = f"{console}/gluestudio/home?region={region}#/job/{quote(job)}/run/{job_run_id}"
        group, stream = _twice_quoted(JOB_ERROR_LOGS), _twice_quoted(job_run_id)
        logs = f"{console}/cloudwatch/home?region={region}#logsV2:log-groups/log-group"
        found["job log"] = f"{logs}/{group}/log-events/{stream}"
    return found


def _commands(execution_arn: str, job: str, job_run_id: str | None, aws: str) -> dict[str, str]:
    found = {"execution": f"{aws} stepfunctions get-execution-history --execution-arn {execution_arn}"}
    if job_run_id is not None:
        found["job run"] = f"{aws} glue get-job-run --job-name {job} --run-id {job_run_id}"
        found["job log"] = (
            f"{aws} logs filter-log-events --log-group-name {JOB_ERROR_LOGS} "
            f"--log-stream-name-prefix {job_run_id}"
        )
    return found


def _twice_quoted(text: str) -> str:
    """As the CloudWatch console writes names into its fragment: percent-encoded twice, ``%`` as ``$``."""
    return quote(quote(text, safe=""), safe="").replace("%", "$")
