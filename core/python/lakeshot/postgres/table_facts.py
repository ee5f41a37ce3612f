"""What a server's catalog says of one table: its columns, where its rows lie, and what orders them.

Read from ``pg_catalog`` only, so no row is touched. Inside the transaction that holds the snapshot the
facts are those of its moment.
"""

from collections.abc import Sequence
from typing import Literal

import asyncpg

from lakeshot.errors import SourceError
from lakeshot.model import Model
from lakeshot.postgres import catalog_sql
from lakeshot.postgres.find_relation import Relation, check_columns, find_relation
from lakeshot.postgres.privileges import check_privileges

TID_RANGES_SINCE = 140000
"""The first version that reads a range of ctid and no other page (PostgreSQL 14 release notes)."""
DETACH_CONCURRENTLY_SINCE = 140000

RelationKind = Literal["r", "p", "m", "f", "v"]


class TableColumn(Model):
    """One live column, its type with all domains taken off.

    ``type_name`` is the type as PostgreSQL prints it, domains and modifier included. ``base_type`` is the
    ``typname`` without schema, such as ``numeric`` or ``_int4``; ``type_kind`` its ``typtype`` (b, c, e, r,
    m, p), ``category`` its ``typcategory``, ``modifier`` its ``atttypmod`` (-1 without) and
    ``element_type`` the ``typname`` of an array's elements. ``holds`` names, with their schema, the types of
    all values within an array or composite, however deep; enums and ranges, which are only ever printed, are
    left out. ``not_null`` says that no row can hold a null.
    """

    name: str
    type_name: str
    base_type: str
    type_schema: str
    type_kind: str
    category: str
    modifier: int = -1
    not_null: bool = False
    element_type: str | None = None
    holds: tuple[str, ...] = ()


class Leaf(Model):
    """One relation that holds rows itself: the table, a partition of it, or a table that inherits from it.

    ``heap_bytes`` and ``pages`` are measured when the facts are read; rows that come later are seen by no
    snapshot taken before. ``bytes`` counts TOAST too. ``readable`` says whether its rows may be read by its
    own name, ``has_tid_ranges`` whether the server reads a range of ctid of it without the other pages.
    """

    schema_name: str
    name: str
    oid: int
    heap_bytes: int
    bytes: int
    pages: int
    has_tid_ranges: bool
    is_foreign: bool
    readable: bool


class UniqueIndex(Model):
    """A unique index none of whose columns holds nulls, in the order of its columns."""

    name: str
    columns: tuple[str, ...]
    is_primary: bool


class TableFacts(Model):
    """What one table is made of.

    ``columns`` are those to be read, in the table's order. ``readable`` says whether SELECT is granted on the
    table as a whole, not only on columns.
    ``relkind`` as in ``pg_class``: r table, p partitioned table, m materialized view, f foreign table, v
    view. ``leaves`` is empty where rows lie elsewhere (views). ``estimated_rows`` is the server's own
    estimate, None where it never made one.
    """

    schema_name: str
    name: str
    oid: int
    relkind: RelationKind
    columns: tuple[TableColumn, ...]
    readable: bool
    leaves: tuple[Leaf, ...]
    unique_indexes: tuple[UniqueIndex, ...]
    primary_key: tuple[str, ...]
    estimated_rows: int | None
    server_version: int

    @property
    def heap_bytes(self) -> int:
        """Bytes of all leaves' heaps, without TOAST and indexes."""
        return sum(leaf.heap_bytes for leaf in self.leaves)


async def table_facts(
    connection: asyncpg.Connection, schema: str, table: str, only: Sequence[str] = ()
) -> TableFacts:
    """The facts of a table, partitioned table, materialized view, foreign table or view.

    ``only`` names the columns to read; by default all. SourceError if there is no such table or column,
    naming what is close; PermissionDeniedError, naming the GRANT, if one of them may not be read.
    """
    relation = await find_relation(connection, schema, table)
    rows = await connection.fetch(catalog_sql.COLUMNS, relation.oid)
    names = [row["name"] for row in rows]
    check_columns(relation, names, only)
    wanted = set(only or names)
    await check_privileges(connection, relation, wanted)
    version = int(await connection.fetchval("SELECT pg_catalog.current_setting('server_version_num')::int4"))
    leaves = await _leaves(connection, relation, version)
    unique = await unique_indexes(connection, relation.oid)
    estimated = await connection.fetchval(catalog_sql.ESTIMATED_ROWS, [leaf.oid for leaf in leaves])
    return TableFacts(
        schema_name=schema,
        name=table,
        oid=relation.oid,
        relkind=relation.relkind,
        columns=tuple(TableColumn(**dict(row)) for row in rows if row["name"] in wanted),
        readable=await connection.fetchval(catalog_sql.READABLE, relation.oid),
        leaves=leaves,
        unique_indexes=unique,
        primary_key=next((index.columns for index in unique if index.is_primary), ()),
        estimated_rows=estimated,
        server_version=version,
    )


async def _leaves(connection: asyncpg.Connection, relation: Relation, version: int) -> tuple[Leaf, ...]:
    if relation.relkind == "v":
        return ()
    attached = catalog_sql.ATTACHED if version >= DETACH_CONCURRENTLY_SINCE else "true"
    rows = await connection.fetch(catalog_sql.leaves(attached), relation.oid)
    if gone := [row["name"] for row in rows if row["bytes"] is None]:
        raise SourceError(
            f"{relation.schema_name}.{gone[0]} was dropped while it was looked at; run again when what "
            "replaces it has ended"
        )
    return tuple(
        Leaf(
            schema_name=row["schema_name"],
            name=row["name"],
            oid=row["oid"],
            heap_bytes=row["heap_bytes"],
            bytes=row["bytes"],
            pages=row["heap_bytes"] // row["block_size"],
            has_tid_ranges=row["is_heap"] and version >= TID_RANGES_SINCE,
            is_foreign=row["is_foreign"],
            readable=row["readable"],
        )
        for row in rows
    )


async def unique_indexes(connection: asyncpg.Connection, oid: int) -> tuple[UniqueIndex, ...]:
    """The usable unique indexes of one relation, the primary key and those of few columns first."""
    return tuple(
        UniqueIndex(name=row["name"], columns=tuple(row["columns"]), is_primary=row["is_primary"])
        for row in await connection.fetch(catalog_sql.UNIQUE_INDEXES, oid)
    )
