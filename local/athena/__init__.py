"""Athena's stand-in: Trino SQL over what the Glue catalog declares, run by DuckDB as the caller."""

from local.athena.service import install

__all__ = ["install"]
