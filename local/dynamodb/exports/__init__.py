"""DynamoDB's point-in-time recovery and its exports to S3, full and incremental."""

from local.dynamodb.exports.service import install

__all__ = ["install"]
