"""DynamoDB's metering, what reads cost and whom they throttle, its point-in-time recovery and its exports."""

from local.dynamodb import exports, service

__all__ = ["install"]


def install() -> None:
    """Put both in front of ministack's service."""
    service.install()
    exports.install()
