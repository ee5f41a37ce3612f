"""Whether a database can write files itself, as far as it can be seen from within."""

import asyncpg

from lakeshot.doctor.checklist import Finding
from lakeshot.errors import PermissionDeniedError, SourceError
from lakeshot.lake.sql import identifier

_FUNCTION = """
SELECT
    bool_or(has_function_privilege(f.oid, 'EXECUTE')) AS may_execute,
    has_schema_privilege('aws_s3', 'USAGE') AND has_schema_privilege('aws_commons', 'USAGE') AS may_use,
    (SELECT extversion FROM pg_extension WHERE extname = 'aws_s3') AS version
FROM pg_proc AS f
JOIN pg_namespace AS s ON s.oid = f.pronamespace
WHERE s.nspname = 'aws_s3' AND f.proname = 'query_export_to_s3'
    AND f.proargnames @> ARRAY['file_path', 'region', 'kms_key']
HAVING count(*) > 0
"""
_SCHEMAS = "SELECT count(*) FROM pg_namespace WHERE nspname IN ('aws_s3', 'aws_commons')"
_BOTH = 2


async def can_write_files(connection: asyncpg.Connection) -> Finding:
    """The extension is there and this user may call it; of the database's role it knows nothing.

    Raises SourceError if it is not there, PermissionDeniedError if a GRANT is missing.
    """
    if await connection.fetchval(_SCHEMAS) < _BOTH:
        raise SourceError(
            "the database has no extension aws_s3, by which it would write files itself; have an "
            "administrator run CREATE EXTENSION aws_s3 CASCADE in this database (Aurora and RDS offer it), "
            "or set route: query"
        )
    row = await connection.fetchrow(_FUNCTION)
    if row is None:
        raise SourceError(
            "the database's extension aws_s3 is too old: its query_export_to_s3 takes no kms_key; have an "
            "administrator run ALTER EXTENSION aws_s3 UPDATE in this database, or set route: query"
        )
    user = identifier(await connection.fetchval("SELECT current_user"))
    grants = [
        (row["may_use"], f"GRANT USAGE ON SCHEMA aws_s3, aws_commons TO {user}"),
        (row["may_execute"], f"GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA aws_s3 TO {user}"),
    ]
    if missing := [grant for granted, grant in grants if not granted]:
        raise PermissionDeniedError(
            f"this user may not call aws_s3.query_export_to_s3; have an administrator run "
            f"{' and '.join(missing)}"
        )
    version = f" {row['version']}" if row["version"] else ""
    return Finding(
        f"aws_s3{version} may be called; whether the database's role lets it write is seen in a run only"
    )
