"""What all exports of one stage share in one region."""

import aws_cdk as cdk
from constructs import Construct

from lakeshot.config.exports import Config
from lakeshot.names import StageNames
from lakeshot.steps.environment import FunctionEnvironment
from stacks.constructs.alerts import Alerts
from stacks.constructs.arns import Arns
from stacks.constructs.catalog import Catalog
from stacks.constructs.closing import Closing
from stacks.constructs.functions import Functions
from stacks.constructs.run_table import RunTable
from stacks.constructs.storage import Storage
from stacks.constructs.workflow import Workflow


class CommonStack(cdk.Stack):
    """Bucket, catalog, run table, notices, helper functions and the state machine.

    ``role_suffix`` tells the roles of a second region from the first one's, as IAM knows no regions.
    """

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        config: Config,
        environment: cdk.Environment,
        role_suffix: str = "",
    ) -> None:
        names = StageNames(stage=config.stage)
        super().__init__(
            scope,
            id_,
            stack_name=names.common_stack,
            env=environment,
            description=f"Lakeshot, stage {config.stage}: what all exports share",
        )
        arns = Arns(stack=self, names=names, database=config.database)
        keys = config.landing_keys(config.regions().get(environment.region, ()))
        keep_data = config.keep_data_on_destroy
        Storage(self, "Storage", bucket_name=arns.bucket_name, keep_data=keep_data)
        Catalog(
            self,
            "Catalog",
            database=config.database,
            workgroup=names.workgroup,
            bucket_name=arns.bucket_name,
            keep_data=keep_data,
        )
        RunTable(self, "RunTable", table_name=names.run_table, keep_data=keep_data)
        alerts = Alerts(self, "Alerts", topic_name=names.topic, emails=config.notify)
        functions = Functions(
            self,
            "Functions",
            environment=FunctionEnvironment(stage=config.stage, topic_arn=alerts.topic.topic_arn),
            arns=arns,
            keys=keys,
            role_suffix=role_suffix,
        )
        workflow = Workflow(
            self,
            "Workflow",
            functions=functions.in_workflow,
            arns=arns,
            keys=keys,
            role_suffix=role_suffix,
        )
        Closing(
            self,
            "Closing",
            name=f"{names.prefix}-close",
            state_machine_arn=workflow.state_machine.state_machine_arn,
            close=functions.by_step["close"].function,
        )
