"""DynamoDB's metering: what reads cost, and throttling those beyond what a table provides."""


def install() -> None:
    """Meter the service's reads."""
