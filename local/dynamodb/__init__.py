"""DynamoDB's metering: what reads cost, and throttling those beyond what a table provides."""

from local.dynamodb.service import install

__all__ = ["install"]
