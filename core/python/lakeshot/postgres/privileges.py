"""Whether every column may be read, told before anything is."""

from collections.abc import Collection

import asyncpg

from lakeshot.errors import PermissionDeniedError, SourceError
from lakeshot.lake.sql import identifier, qualified
from lakeshot.postgres.find_relation import Relation

_RIGHTS = """
SELECT current_user::text AS who,
    pg_catalog.has_schema_privilege(c.relnamespace, 'USAGE') AS schema_usage,
    pg_catalog.row_security_active(c.oid) AS filtered,
    ARRAY(
        SELECT a.attname::text FROM pg_catalog.pg_attribute a
        WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
            AND NOT pg_catalog.has_column_privilege(c.oid, a.attnum, 'SELECT')
        ORDER BY a.attnum
    ) AS refused
FROM pg_catalog.pg_class c WHERE c.oid = $1
"""
_MOST_SHOWN = 10


async def check_privileges(
    connection: asyncpg.Connection, relation: Relation, wanted: Collection[str] = ()
) -> None:
    """Raise PermissionDeniedError with the GRANT that is missing, SourceError if a policy hides rows.

    ``wanted`` are the columns to read; without, all.
    """
    (rights,) = await connection.fetch(_RIGHTS, relation.oid)
    who, where = identifier(rights["who"]), qualified(relation.schema_name, relation.name)
    if not rights["schema_usage"]:
        raise PermissionDeniedError(
            f"user {who} may not use schema {identifier(relation.schema_name)}; have its owner run: "
            f"GRANT USAGE ON SCHEMA {identifier(relation.schema_name)} TO {who}; "
            f"GRANT SELECT ON {where} TO {who};"
        )
    if refused := [identifier(name) for name in rights["refused"] if not wanted or name in wanted]:
        more = f" and {len(refused) - _MOST_SHOWN} more" if len(refused) > _MOST_SHOWN else ""
        raise PermissionDeniedError(
            f"user {who} may not read {', '.join(refused[:_MOST_SHOWN])}{more} of {where}; have its owner "
            f"run: GRANT SELECT ON {where} TO {who}; or list the columns that may be read"
        )
    if rights["filtered"]:
        raise SourceError(
            f"row level security of {where} hides rows from user {who}, so an export would lack them "
            f"silently; have an administrator run: ALTER ROLE {who} BYPASSRLS; or export a view that "
            "selects the rows that are wanted"
        )
