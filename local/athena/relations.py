"""The tables and views a query names, resolved against the catalog as the caller.

Every use of a table becomes a relation of its own (``r0``, ``r1``, …), so that each is read with just the
columns and partitions that its place in the query needs; a view becomes a subquery of relations.
"""

import re
from collections.abc import Callable, Mapping

import pyarrow as pa
import sqlglot
from sqlglot import exp
from sqlglot.errors import SqlglotError
from sqlglot.optimizer.scope import traverse_scope

from local.athena.errors import QueryError
from local.athena.table_scan import LakeTable
from local.athena.views import check_view, view_definition
from local.lake.catalog import Catalog, Partition, Table

_PARTITIONS = "$partitions"
_MAX_VIEW_DEPTH = 10
_TERMINAL_MARKS = re.compile(r"\x1b\[\d+m")


class Relations:
    """What a query's names stand for.

    ``tables`` maps relation names to tables; ``partition_lists`` those that stand for ``"table$partitions"``.
    """

    def __init__(self, catalog: Catalog, result_columns: Callable[[exp.Expr], pa.Schema]) -> None:
        """``result_columns`` tells the columns of an expanded query; it checks views against theirs."""
        self._catalog = catalog
        self._result_columns = result_columns
        self.tables: dict[str, LakeTable] = {}
        self.partition_lists: dict[str, LakeTable] = {}

    def columns(self, relation: str) -> dict[str, pa.DataType]:
        """Columns of a relation, hidden ones left out."""
        if relation in self.partition_lists:
            lake_table = self.partition_lists[relation]
            return {key: lake_table.columns[key] for key in lake_table.keys}
        return self.tables[relation].columns

    def partitions(self, relation: str) -> list[Partition]:
        """Registered partitions of a relation's table."""
        lake_table = self.tables.get(relation) or self.partition_lists[relation]
        return self._catalog.partitions(lake_table.database, lake_table.table.name)

    def expand(self, query: exp.Expr, database: str, depth: int = 0) -> exp.Expr:
        """Put relations in the place of every table and view; names without a database are ``database``'s."""
        if depth > _MAX_VIEW_DEPTH:
            raise QueryError(
                "INVALID_VIEW", f"views nest deeper than {_MAX_VIEW_DEPTH}; does one name itself?"
            )
        for column in query.find_all(exp.Column):
            column.set("db", None)
            column.set("catalog", None)
        try:
            found = [
                source
                for scope in traverse_scope(query)
                for _, source in scope.references
                if isinstance(source, exp.Table) and not _is_cte(scope.cte_sources, source)
            ]
        except SqlglotError as error:
            raise QueryError("SYNTAX_ERROR", str(error)) from error
        for node in found:
            self._replace(node, database, depth)
        return query

    def _replace(self, node: exp.Table, default_database: str, depth: int) -> None:
        database, name = (node.db or default_database).lower(), node.name.lower()
        base = name.removesuffix(_PARTITIONS)
        lake_table = LakeTable(database, self._lookup(database, base))
        alias = node.alias.lower() or name
        if not lake_table.table.is_view:
            relation = f"r{len(self.tables) + len(self.partition_lists)}"
            (self.partition_lists if base != name else self.tables)[relation] = lake_table
            node.replace(exp.to_table(relation).as_(alias, table=True))
            return
        definition = view_definition(database, lake_table.table)
        try:
            inner = self.expand(parsed(definition.originalSql), definition.schema_, depth + 1)
            columns = self._result_columns(inner.copy())
        except QueryError as error:
            place = f"'awsdatacatalog.{database}.{base}'"
            raise QueryError("INVALID_VIEW", f"Failed analyzing stored view {place}: {error}") from error
        check_view(database, base, definition, columns)
        node.replace(exp.Subquery(this=inner, alias=exp.TableAlias(this=exp.to_identifier(alias))))

    def _lookup(self, database: str, name: str) -> Table:
        table = self._catalog.table(database, name)
        if table is not None:
            return table
        if not self._catalog.has_database(database):
            raise QueryError("SCHEMA_NOT_FOUND", f"line 1:1: Schema '{database}' does not exist")
        message = f"line 1:1: Table 'awsdatacatalog.{database}.{name}' does not exist"
        raise QueryError("TABLE_NOT_FOUND", message)


def parsed(sql: str) -> exp.Expr:
    """Return the one statement of a text. SYNTAX_ERROR when it is none, or several."""
    try:
        statements = [statement for statement in sqlglot.parse(sql, read="athena") if statement is not None]
    except SqlglotError as error:
        raise QueryError("SYNTAX_ERROR", _TERMINAL_MARKS.sub("", str(error))) from error
    if len(statements) != 1:
        raise QueryError("SYNTAX_ERROR", f"Only one sql statement is allowed. Got: {len(statements)}")
    return _named(statements[0])


def _is_cte(cte_sources: Mapping[str, object], table: exp.Table) -> bool:
    return not table.db and table.name in cte_sources


def _named(statement: exp.Expr) -> exp.Expr:
    """Give every unnamed result column Trino's name, ``_col`` and its position."""
    for select in statement.find_all(exp.Select):
        for position, selection in enumerate(select.expressions):
            if not isinstance(selection, exp.Alias | exp.Column | exp.Dot | exp.Star | exp.Aliases):
                selection.replace(exp.alias_(selection.copy(), f"_col{position}", quoted=True))
    return statement
