"""Step Functions integrations that wait: Glue job runs and Athena queries."""

from local.states.sync import install

__all__ = ["install"]
