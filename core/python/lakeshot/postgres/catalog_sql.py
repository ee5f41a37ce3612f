"""Questions to ``pg_catalog`` about one table, by its oid as ``$1``."""

from lakeshot.postgres.held_types_sql import HELD_TYPES

COLUMNS = f"""
WITH RECURSIVE resolved AS (
    SELECT a.attnum, a.attname, a.attnotnull, a.atttypid AS given, a.atttypmod AS given_modifier,
        a.atttypid AS type, a.atttypmod AS modifier
    FROM pg_catalog.pg_attribute a
    WHERE a.attrelid = $1 AND a.attnum > 0 AND NOT a.attisdropped
    UNION ALL
    SELECT r.attnum, r.attname, r.attnotnull, r.given, r.given_modifier, t.typbasetype, t.typtypmod
    FROM resolved r JOIN pg_catalog.pg_type t ON t.oid = r.type
    WHERE t.typtype = 'd'
)
SELECT r.attname::text AS name,
    pg_catalog.format_type(r.given, r.given_modifier) AS type_name,
    t.typname::text AS base_type,
    n.nspname::text AS type_schema,
    t.typtype::text AS type_kind,
    t.typcategory::text AS category,
    r.modifier,
    r.attnotnull AND NOT EXISTS (
        SELECT FROM pg_catalog.pg_constraint c
        WHERE c.conrelid = $1 AND c.contype = 'n' AND r.attnum = ANY (c.conkey) AND NOT c.convalidated
    ) AS not_null,
    e.typname::text AS element_type,
    {HELD_TYPES} AS holds
FROM resolved r
JOIN pg_catalog.pg_type t ON t.oid = r.type AND t.typtype <> 'd'
JOIN pg_catalog.pg_namespace n ON n.oid = t.typnamespace
LEFT JOIN pg_catalog.pg_type e ON e.oid = t.typelem AND t.typlen = -1 AND t.typcategory = 'A'
ORDER BY r.attnum
"""  # noqa: S608  (of constants)
"""One row per live column, in the table's order. Since 18, NOT NULL need not hold for older rows."""

READABLE = "SELECT pg_catalog.has_table_privilege($1::oid, 'SELECT')"

ATTACHED = "NOT i.inhdetachpending"
"""Leaves out partitions that are being detached, which no longer show in their table."""

_LEAVES = """
WITH RECURSIVE tree AS (
    SELECT $1::oid AS oid
    UNION
    SELECT i.inhrelid FROM tree JOIN pg_catalog.pg_inherits i ON i.inhparent = tree.oid WHERE {attached}
)
SELECT n.nspname::text AS schema_name, c.relname::text AS name, c.oid,
    CASE WHEN c.relkind = 'f' THEN 0 ELSE pg_catalog.pg_relation_size(c.oid) END AS heap_bytes,
    CASE WHEN c.relkind = 'f' THEN 0 ELSE pg_catalog.pg_table_size(c.oid) END AS bytes,
    pg_catalog.current_setting('block_size')::int4 AS block_size,
    c.relkind = 'f' AS is_foreign,
    c.relkind IN ('r', 'm') AND (c.relam = 0 OR a.amname = 'heap') AS is_heap,
    pg_catalog.has_schema_privilege(n.oid, 'USAGE') AND pg_catalog.has_table_privilege(c.oid, 'SELECT')
        AND NOT pg_catalog.row_security_active(c.oid) AS readable
FROM tree
JOIN pg_catalog.pg_class c ON c.oid = tree.oid
JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
LEFT JOIN pg_catalog.pg_am a ON a.oid = c.relam
WHERE c.relkind <> 'p'
ORDER BY n.nspname, c.relname
"""


def leaves(attached: str) -> str:
    """One row per relation that holds rows itself; ``attached`` filters what ``pg_inherits`` lists as i."""
    return _LEAVES.format(attached=attached)


UNIQUE_INDEXES = """
SELECT c.relname::text AS name, i.indisprimary AS is_primary,
    (
        SELECT pg_catalog.array_agg(a.attname::text ORDER BY k.place)
        FROM pg_catalog.unnest(i.indkey) WITH ORDINALITY AS k (attnum, place)
        JOIN pg_catalog.pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = k.attnum
        WHERE k.place <= coalesce((pg_catalog.to_jsonb(i) ->> 'indnkeyatts')::int4, i.indnatts)
    ) AS columns
FROM pg_catalog.pg_index i
JOIN pg_catalog.pg_class c ON c.oid = i.indexrelid
JOIN pg_catalog.pg_am m ON m.oid = c.relam AND m.amname = 'btree'
WHERE i.indrelid = $1 AND i.indisunique AND i.indimmediate AND i.indisvalid AND i.indisready
    AND i.indpred IS NULL AND i.indexprs IS NULL
    AND NOT EXISTS (
        SELECT FROM pg_catalog.unnest(i.indkey) WITH ORDINALITY AS k (attnum, place)
        LEFT JOIN pg_catalog.pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = k.attnum
        LEFT JOIN pg_catalog.pg_constraint n
            ON n.conrelid = i.indrelid AND n.contype = 'n' AND k.attnum = ANY (n.conkey)
        WHERE k.place <= coalesce((pg_catalog.to_jsonb(i) ->> 'indnkeyatts')::int4, i.indnatts)
            AND (
                a.attnotnull IS NOT TRUE OR n.convalidated IS FALSE
                OR NOT pg_catalog.has_column_privilege(i.indrelid, a.attnum, 'SELECT')
            )
    )
ORDER BY i.indisprimary DESC, i.indnatts, c.relname
"""

ESTIMATED_ROWS = """
SELECT pg_catalog.sum(c.reltuples)::int8 FROM pg_catalog.pg_class c
WHERE c.oid = ANY ($1::oid[]) HAVING pg_catalog.bool_and(c.reltuples >= 0 AND c.relpages > 0)
"""
"""Null where a relation was never analysed; before 14 such a one had 0 rows on 0 pages."""

TYPES = f"""
WITH RECURSIVE resolved AS (
    SELECT g.place, g.oid AS given, g.oid AS type, -1 AS modifier
    FROM pg_catalog.unnest($1::oid[]) WITH ORDINALITY AS g (oid, place)
    UNION ALL
    SELECT r.place, r.given, t.typbasetype, t.typtypmod
    FROM resolved r JOIN pg_catalog.pg_type t ON t.oid = r.type
    WHERE t.typtype = 'd'
)
SELECT pg_catalog.format_type(r.given, -1) AS type_name,
    t.typname::text AS base_type,
    n.nspname::text AS type_schema,
    t.typtype::text AS type_kind,
    t.typcategory::text AS category,
    r.modifier,
    e.typname::text AS element_type,
    {HELD_TYPES} AS holds
FROM resolved r
JOIN pg_catalog.pg_type t ON t.oid = r.type AND t.typtype <> 'd'
JOIN pg_catalog.pg_namespace n ON n.oid = t.typnamespace
LEFT JOIN pg_catalog.pg_type e ON e.oid = t.typelem AND t.typlen = -1 AND t.typcategory = 'A'
ORDER BY r.place
"""  # noqa: S608  (of constants)
"""One row per type in ``$1``, which is a list of oids."""

_OPERATOR = """
    SELECT pg_catalog.format('OPERATOR(%I.%s)', n.nspname, o.oprname) AS name
    FROM pg_catalog.pg_amop p
    JOIN pg_catalog.pg_operator o ON o.oid = p.amopopr
    JOIN pg_catalog.pg_namespace n ON n.oid = o.oprnamespace
    WHERE p.amopfamily = c.opcfamily AND p.amoplefttype = t.oid AND p.amoprighttype = t.oid
        AND p.amopstrategy = {strategy}
"""
ORDER = f"""
WITH RECURSIVE resolved AS (
    SELECT $1::oid AS type
    UNION ALL
    SELECT t.typbasetype FROM resolved r JOIN pg_catalog.pg_type t ON t.oid = r.type WHERE t.typtype = 'd'
)
SELECT pg_catalog.format_type(t.oid, -1) AS type_name, t.typcategory = 'A' AS is_array,
    less.name AS less, at_least.name AS at_least
FROM resolved r
JOIN pg_catalog.pg_type t ON t.oid = r.type AND t.typtype <> 'd'
LEFT JOIN (
    pg_catalog.pg_opclass c JOIN pg_catalog.pg_am m ON m.oid = c.opcmethod AND m.amname = 'btree'
) ON c.opcintype = t.oid AND c.opcdefault
LEFT JOIN LATERAL ({_OPERATOR.format(strategy=1)}) AS less ON true
LEFT JOIN LATERAL ({_OPERATOR.format(strategy=4)}) AS at_least ON true
"""  # noqa: S608  (of constants)
"""How values of type ``$1`` are written and compared, domains taken off.

An extension's operators are not on the search path, and a type that looks like another one would be compared
by that one's. Types without operators of their own, such as enums, have PostgreSQL's.
"""

HISTOGRAM = """
SELECT pg_catalog.array_length(s.histogram_bounds, 1) FROM pg_catalog.pg_stats s
JOIN pg_catalog.pg_class c ON c.oid = $1
JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
WHERE s.schemaname = n.nspname AND s.tablename = c.relname AND s.attname = $2::text AND NOT s.inherited
    AND s.most_common_vals IS NULL AND pg_catalog.abs(c.relpages - $3::int8) * 10 <= $3::int8
"""
"""How many bounds are known of a column (``$2``) whose table has not grown from ``$3`` pages since."""
