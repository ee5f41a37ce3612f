"""The Glue job of an export."""

from collections.abc import Mapping, Sequence

from aws_cdk import aws_glue as glue
from constructs import Construct

from lakeshot.config.export import Job
from stacks.constructs.acknowledgement import acknowledge
from stacks.constructs.job_code import JobCode
from stacks.constructs.job_role import JobRole

CONCURRENT_RUNS = 2
"""The lock lets one run read at a time; the second place is for a run whose predecessor still stops."""


class ExportJob(Construct):
    """Reads the source and writes files. It never starts again by itself; the state machine decides.

    With connections it runs in the subnet of the first of them that has addresses left.
    """

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        name: str,
        settings: Job,
        code: JobCode,
        role: JobRole,
        connections: Sequence[str] = (),
    ) -> None:
        super().__init__(scope, id_)
        role.allow("s3:GetObject", on=code.object_arns)
        job = glue.CfnJob(
            self,
            "Job",
            name=name,
            description="Lakeshot: reads a table in parallel and writes one snapshot",
            role=role.role_arn,
            glue_version=settings.glue_version,
            worker_type=settings.worker_type,
            number_of_workers=settings.workers,
            timeout=settings.timeout_minutes,
            max_retries=0,
            execution_property=glue.CfnJob.ExecutionPropertyProperty(max_concurrent_runs=CONCURRENT_RUNS),
            command=glue.CfnJob.JobCommandProperty(
                name="glueetl", python_version="3", script_location=code.script_uri
            ),
            default_arguments=job_arguments(settings, code),
            connections=glue.CfnJob.ConnectionsListProperty(connections=list(connections))
            if connections
            else None,
        )
        job.node.add_dependency(role)
        acknowledge(job, "GL1", "Logs hold no row values; CloudWatch encrypts them with its own key.")
        acknowledge(job, "GL3", "Job bookmarks are switched off, so there is nothing to encrypt.")


def job_arguments(settings: Job, code: JobCode) -> Mapping[str, str]:
    """The arguments that every run of the job starts with; a run adds its own."""
    arguments = {
        "--job-language": "python",
        "--job-bookmark-option": "job-bookmark-disable",
        "--extra-py-files": code.library_uri,
        "--additional-python-modules": code.wheels_uri,
        "--python-modules-installer-option": "--no-index",
        "--enable-metrics": "true",
        "--enable-observability-metrics": "true",
        "--enable-continuous-cloudwatch-log": "true",
    }
    if settings.auto_scaling:
        arguments["--enable-auto-scaling"] = "true"
    if settings.spark_conf:
        arguments["--conf"] = " --conf ".join(f"{key}={value}" for key, value in settings.spark_conf.items())
    return arguments
