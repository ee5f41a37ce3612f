"""The end of every run that did not succeed."""

from aws_cdk import aws_events as events
from aws_cdk import aws_events_targets as targets
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from constructs import Construct

from stacks.constructs.dead_letters import DeadLetters

ENDS_WITHOUT_SUCCESS = ["FAILED", "TIMED_OUT", "ABORTED"]


class Closing(Construct):
    """Calls ``close`` when an execution ends without success.

    A state machine catches its own failures, but an abort or a time-out runs no Catch. What cannot be
    delivered to the function, or what the function fails on again and again, is kept in a queue.
    """

    def __init__(
        self, scope: Construct, id_: str, *, name: str, state_machine_arn: str, close: lambda_.Function
    ) -> None:
        super().__init__(scope, id_)
        undelivered = DeadLetters(self, "Undelivered", queue_name=f"{name}-undelivered")
        # CDK's own destination would let the function look at the queue, too.
        close.add_to_role_policy(
            iam.PolicyStatement(actions=["sqs:SendMessage"], resources=[undelivered.queue_arn])
        )
        failing = lambda_.CfnEventInvokeConfig(
            self,
            "Failing",
            function_name=close.function_name,
            qualifier="$LATEST",
            destination_config=lambda_.CfnEventInvokeConfig.DestinationConfigProperty(
                on_failure=lambda_.CfnEventInvokeConfig.OnFailureProperty(destination=undelivered.queue_arn)
            ),
        )
        failing.node.add_dependency(close)
        events.Rule(
            self,
            "Rule",
            rule_name=name,
            description="A run ended without success: stop its job, remove what it left, tell people",
            event_pattern=events.EventPattern(
                source=["aws.states"],
                detail_type=["Step Functions Execution Status Change"],
                detail={"stateMachineArn": [state_machine_arn], "status": ENDS_WITHOUT_SUCCESS},
            ),
            targets=[targets.LambdaFunction(close, dead_letter_queue=undelivered)],
        )
