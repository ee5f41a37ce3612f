"""The notices of a stage."""

from collections.abc import Sequence

from aws_cdk import aws_kms as kms
from aws_cdk import aws_sns as sns
from aws_cdk import aws_sns_subscriptions as subscriptions
from constructs import Construct


class Alerts(Construct):
    """The topic that tells people what broke, what is still safe and what to do."""

    def __init__(self, scope: Construct, id_: str, *, topic_name: str, emails: Sequence[str]) -> None:
        super().__init__(scope, id_)
        self.topic = sns.Topic(
            self,
            "Topic",
            topic_name=topic_name,
            display_name="Lakeshot notices",
            enforce_ssl=True,
            master_key=kms.Alias.from_alias_name(self, "Key", "alias/aws/sns"),
        )
        for email in emails:
            self.topic.add_subscription(subscriptions.EmailSubscription(email))
