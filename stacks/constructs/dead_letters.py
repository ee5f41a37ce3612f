"""Where undelivered events end."""

import aws_cdk as cdk
from aws_cdk import aws_sqs as sqs
from constructs import Construct

from stacks.constructs.acknowledgement import acknowledge

KEPT_DAYS = 14
"""The longest that SQS keeps a message."""


class DeadLetters(sqs.Queue):
    """Events that could not be delivered, for a person to look at."""

    def __init__(self, scope: Construct, id_: str, *, queue_name: str) -> None:
        super().__init__(
            scope,
            id_,
            queue_name=queue_name,
            encryption=sqs.QueueEncryption.SQS_MANAGED,
            enforce_ssl=True,
            retention_period=cdk.Duration.days(KEPT_DAYS),
        )
        acknowledge(self, "SQS3", "It is itself a dead-letter queue.")
