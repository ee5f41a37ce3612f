"""The schedule of an export or a group."""

from aws_cdk import aws_scheduler as scheduler
from constructs import Construct

from lakeshot.config.export import Schedule
from lakeshot.config.payload import RunOptions
from stacks.constructs.dead_letters import DeadLetters
from stacks.constructs.role import ServiceRole

SCHEDULED_TIME = "<aws.scheduler.scheduled-time>"
"""EventBridge Scheduler puts the instant in its place, so repeated deliveries of one instant can be told."""
RETRIES = 20
RETRY_SECONDS = 3600


class RunSchedule(Construct):
    """Starts the state machine with the full payload, once the config enables it."""

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        name: str,
        schedule: Schedule,
        payload: RunOptions,
        state_machine_arn: str,
        role_suffix: str,
    ) -> None:
        super().__init__(scope, id_)
        undelivered = DeadLetters(self, "Undelivered", queue_name=f"{name}-schedule-undelivered")
        role = ServiceRole(
            self, "Role", role_name=f"{name}-schedule{role_suffix}", service="scheduler.amazonaws.com"
        )
        role.allow("states:StartExecution", on=[state_machine_arn])
        role.allow("sqs:SendMessage", on=[undelivered.queue_arn])
        started = scheduler.CfnSchedule(
            self,
            "Schedule",
            name=name,
            description="Lakeshot: starts a run with the deployed payload",
            schedule_expression=schedule.expression,
            schedule_expression_timezone=schedule.timezone,
            state="ENABLED" if schedule.enabled else "DISABLED",
            flexible_time_window=scheduler.CfnSchedule.FlexibleTimeWindowProperty(mode="OFF"),
            target=scheduler.CfnSchedule.TargetProperty(
                arn=state_machine_arn,
                role_arn=role.role_arn,
                input=payload.text(),
                retry_policy=scheduler.CfnSchedule.RetryPolicyProperty(
                    maximum_retry_attempts=RETRIES, maximum_event_age_in_seconds=RETRY_SECONDS
                ),
                dead_letter_config=scheduler.CfnSchedule.DeadLetterConfigProperty(arn=undelivered.queue_arn),
            ),
        )
        started.node.add_dependency(role)
