"""One export."""

from pathlib import Path

import aws_cdk as cdk
from constructs import Construct

from lakeshot.config.export import Export
from lakeshot.config.exports import Config
from lakeshot.names import ConnectionNames, ExportNames, StageNames
from stacks.constructs.arns import Arns
from stacks.constructs.connection_access import ConnectionAccess
from stacks.constructs.crawler import ExportCrawler
from stacks.constructs.deployed_export import deployed_export
from stacks.constructs.dynamodb_access import read_dynamodb
from stacks.constructs.job import ExportJob
from stacks.constructs.job_code import JobCode
from stacks.constructs.job_role import JobRole
from stacks.constructs.outputs import Outputs
from stacks.constructs.record import DeploymentRecord
from stacks.constructs.schedule import SCHEDULED_TIME, RunSchedule
from stacks.constructs.shared_moment import see_moments
from stacks.constructs.view import OwnedView


class ExportStack(cdk.Stack):
    """Job, crawler, record, view and schedule of the export ``export`` of ``config``.

    What it uses of the common stack it knows by name, so either can be replaced without the other.
    """

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        config: Config,
        export: str,
        wheels: Path,
        environment: cdk.Environment,
        role_suffix: str = "",
    ) -> None:
        names = ExportNames(stage=config.stage, export=export)
        settings = config.exports[export]
        super().__init__(
            scope,
            id_,
            stack_name=names.resource,
            env=environment,
            description=f"Lakeshot, stage {config.stage}: the export {export}",
        )
        arns = Arns(stack=self, names=StageNames(stage=config.stage), database=config.database)
        code = JobCode(
            self,
            "Code",
            script=f"{settings.source.type}.py",
            glue_version=settings.job.glue_version,
            wheels=wheels,
        )
        role = JobRole(
            self,
            "JobRole",
            names=names,
            settings=settings,
            arns=arns,
            role_suffix=role_suffix,
        )
        source, access = settings.effective_source, None
        if source.type == "dynamodb":
            read_dynamodb(role, source, names=names, arns=arns, role_suffix=role_suffix)
        else:
            access = ConnectionAccess(
                self,
                "Connection",
                names=ConnectionNames(stage=config.stage, connection=source.connection),
                connection=config.connections[source.connection],
                role=role,
                arns=arns,
            )
            see_moments(role, config.read_together(export), arns)
        ExportJob(
            self,
            "Job",
            name=names.resource,
            settings=settings.job,
            code=code,
            role=role,
            connections=access.glue if access else (),
        )
        if settings.effective_catalog == "crawler":
            ExportCrawler(self, "Crawler", names=names, arns=arns, role_suffix=role_suffix)
        deployed = deployed_export(
            config,
            export,
            arns=arns,
            job_role_arn=role.role_arn,
            connection=access.deployed if access else None,
        )
        record = DeploymentRecord(
            self, "Record", parameter_name=arns.names.parameter(export), deployed=deployed
        )
        if settings.format.is_readable:
            view = OwnedView(self, "View", of="Export", name=export, function_arn=arns.function("view"))
            view.node.add_dependency(record)
        if settings.schedule is not None:
            RunSchedule(
                self,
                "Schedule",
                name=names.resource,
                schedule=settings.schedule,
                payload=deployed.payload(scheduled_time=SCHEDULED_TIME),
                state_machine_arn=arns.state_machine,
                role_suffix=role_suffix,
            )
        Outputs(
            self,
            "Outputs",
            values={
                **_catalogued(config, names, settings),
                "Destination": deployed.destination,
                "Payload": deployed.payload().text(),
            },
            state_machine_arn=arns.state_machine,
        )


def _catalogued(config: Config, names: ExportNames, settings: Export) -> dict[str, str]:
    """Where rows can be queried, or why nowhere."""
    if not settings.format.is_readable:
        return {"View": f"none, because no query engine reads {settings.format.value} files"}
    return {"View": f"{config.database}.{names.view}", "Table": f"{config.database}.{names.table}"}
