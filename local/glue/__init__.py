"""The Glue job stand-in: runs the deployed script with local Spark under the job's role."""

from local.glue.operations import install, stop_all

__all__ = ["install", "stop_all"]
