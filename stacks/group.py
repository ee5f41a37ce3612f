"""One group of exports."""

import aws_cdk as cdk
from constructs import Construct

from lakeshot.config.deployed import DeployedGroup
from lakeshot.config.exports import Config
from lakeshot.names import ExportNames, GroupNames, StageNames
from stacks.constructs.arns import Arns
from stacks.constructs.deployed_export import deployed_export
from stacks.constructs.job_role import job_role_name
from stacks.constructs.outputs import Outputs
from stacks.constructs.record import DeploymentRecord
from stacks.constructs.schedule import SCHEDULED_TIME, RunSchedule
from stacks.constructs.view import OwnedView


class GroupStack(cdk.Stack):
    """Record, view and schedule of the group ``group`` of ``config``.

    What it uses of the common stack and of its members' stacks it knows by name.
    """

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        config: Config,
        group: str,
        environment: cdk.Environment,
        role_suffix: str = "",
    ) -> None:
        names = GroupNames(stage=config.stage, group=group)
        settings = config.groups[group]
        super().__init__(
            scope,
            id_,
            stack_name=names.resource,
            env=environment,
            description=f"Lakeshot, stage {config.stage}: the group {group}",
        )
        arns = Arns(stack=self, names=StageNames(stage=config.stage), database=config.database)
        deployed = DeployedGroup(
            group=group,
            stage=config.stage,
            database=config.database,
            bucket=arns.bucket_name,
            exports=settings.exports,
        )
        record = DeploymentRecord(
            self, "Record", parameter_name=arns.names.group_parameter(group), deployed=deployed
        )
        view = OwnedView(self, "View", of="Group", name=group, function_arn=arns.function("view"))
        view.node.add_dependency(record)
        if settings.schedule is not None:
            members = [
                deployed_export(
                    config,
                    export,
                    arns=arns,
                    job_role_arn=arns.role(job_role_name(ExportNames(config.stage, export), role_suffix)),
                )
                for export in settings.exports
            ]
            RunSchedule(
                self,
                "Schedule",
                name=names.resource,
                schedule=settings.schedule,
                payload=deployed.payload(members, scheduled_time=SCHEDULED_TIME),
                state_machine_arn=arns.state_machine,
                role_suffix=role_suffix,
            )
        Outputs(
            self,
            "Outputs",
            values={
                "View": f"{config.database}.{names.view}",
                "Members": ", ".join(settings.exports),
            },
            state_machine_arn=arns.state_machine,
        )
