"""Which types the values within an array or a composite have, however deep."""

HELD_TYPES = """ARRAY(
    WITH RECURSIVE within AS (
        SELECT t.oid
        UNION
        SELECT part.oid FROM within w JOIN pg_catalog.pg_type o ON o.oid = w.oid CROSS JOIN LATERAL (
            SELECT o.typbasetype WHERE o.typtype = 'd'
            UNION ALL
            SELECT i.oid FROM pg_catalog.pg_type i WHERE i.oid = o.typelem AND i.typarray = o.oid
            UNION ALL
            SELECT f.atttypid FROM pg_catalog.pg_attribute f
            WHERE o.typtype = 'c' AND f.attrelid = o.typrelid AND f.attnum > 0 AND NOT f.attisdropped
        ) AS part (oid)
    )
    SELECT s.nspname || '.' || o.typname
    FROM within w
    JOIN pg_catalog.pg_type o ON o.oid = w.oid AND o.typtype NOT IN ('c', 'd')
    JOIN pg_catalog.pg_namespace s ON s.oid = o.typnamespace
    WHERE NOT EXISTS (SELECT FROM pg_catalog.pg_type i WHERE i.oid = o.typelem AND i.typarray = o.oid)
        AND (o.typtype NOT IN ('e', 'r', 'm') OR EXISTS (
            SELECT FROM pg_catalog.pg_cast c WHERE c.castsource = o.oid AND c.casttarget = 114
        ))
    ORDER BY 1
)"""
"""The types within ``t``, which is one of them if it holds no others. ``to_json`` prints enums and ranges,
unless somebody has made a cast to json (114) for one."""
