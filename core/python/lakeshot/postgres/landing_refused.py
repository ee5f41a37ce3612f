"""What ``aws_s3`` raises, told once: what is missing, and how it is had."""

import asyncpg

from lakeshot.errors import LakeshotError, PermissionDeniedError, SourceError
from lakeshot.postgres.told import told

_NO_ROLE = "credentials stored with the database instance"
_NOT_UPLOADED = "could not upload to Amazon S3"


def refused_landing(error: Exception, doing: str, *, bucket: str) -> LakeshotError:
    """The error as one of ours (see ``told``); raise it ``from`` the error."""
    if not isinstance(error, asyncpg.PostgresError):
        return told(error, doing)
    message = error.message or str(error)
    if error.sqlstate in ("3F000", "42883") and "aws_s3" in message:
        return SourceError(
            f"{doing}: the database has no extension aws_s3; have an administrator run CREATE EXTENSION "
            "aws_s3 CASCADE in this database, or set route: query"
        )
    if error.sqlstate == "42501" and ("aws_s3" in message or "aws_commons" in message):
        return PermissionDeniedError(
            f"{doing}: {message}; have an administrator run GRANT USAGE ON SCHEMA aws_s3, aws_commons TO "
            "this user, and GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA aws_s3 TO this user"
        )
    if _NO_ROLE in message:
        return PermissionDeniedError(
            f"{doing}: the database has no role to write to S3 with; deploy the connection again, or "
            "associate its export_role with the cluster for the feature s3Export"
        )
    if _NOT_UPLOADED in message:
        said = error.detail or message
        return PermissionDeniedError(
            f"{doing}: {said} The database's role for s3Export needs s3:PutObject and "
            f"s3:AbortMultipartUpload below s3://{bucket}/, and the database a way to S3: a gateway endpoint "
            "or NAT in its VPC"
        )
    return told(error, doing)
