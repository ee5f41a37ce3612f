"""One SELECT: planned over relations, read from S3 with as little as it needs, run by DuckDB."""

from collections.abc import Callable, Iterator

import duckdb
import pyarrow as pa
from sqlglot import exp
from sqlglot.errors import OptimizeError, SqlglotError
from sqlglot.optimizer.annotate_types import annotate_types
from sqlglot.optimizer.pushdown_predicates import pushdown_predicates
from sqlglot.optimizer.pushdown_projections import pushdown_projections
from sqlglot.optimizer.qualify import qualify
from sqlglot.optimizer.scope import traverse_scope
from sqlglot.schema import MappingSchema

from local.athena.dialect import for_duckdb, install_functions
from local.athena.errors import QueryError
from local.athena.relations import Relations
from local.athena.table_scan import PATH, TableScan, key_value
from local.lake.catalog import Catalog, Partition
from local.lake.hive_types import trino_type
from local.lake.objects import ObjectStore

_CODES: tuple[tuple[type[duckdb.Error], str], ...] = (
    (duckdb.CatalogException, "FUNCTION_NOT_FOUND"),
    (duckdb.BinderException, "TYPE_MISMATCH"),
    (duckdb.ConversionException, "INVALID_CAST_ARGUMENT"),
    (duckdb.OutOfRangeException, "NUMERIC_VALUE_OUT_OF_RANGE"),
    (duckdb.InvalidInputException, "INVALID_FUNCTION_ARGUMENT"),
    (duckdb.ParserException, "SYNTAX_ERROR"),
)


class Select:
    """Runs queries of one caller. ``check`` is called between files and raises when the query was stopped."""

    def __init__(self, catalog: Catalog, store: ObjectStore, check: Callable[[], None]) -> None:
        self._store = store
        self._check = check
        self._relations = Relations(catalog, self._result_columns)
        self._duckdb = duckdb.connect(config={"threads": 1})
        self._duckdb.execute("SET TimeZone = 'UTC'")
        install_functions(self._duckdb)

    def interrupt(self) -> None:
        """Make a running query fail; may be called from another thread."""
        self._duckdb.interrupt()

    def columns(self, query: exp.Expr, database: str) -> pa.Schema:
        """Return the columns the query would yield, without reading any data."""
        return self._result_columns(self._relations.expand(query, database))

    def rows(self, query: exp.Expr, database: str) -> pa.Table:
        """Run the query; reads only the columns and partitions it needs."""
        needed = pushdown_projections(self._qualified(self._relations.expand(query, database)))
        sql = _duckdb_sql(needed)
        self._described(sql)
        pruning = dict(self._partition_conditions(needed))
        for relation, names in _used_columns(needed).items():
            self._duckdb.register(relation, self._read(relation, names, pruning.get(relation)))
        self._check()
        return self._run(sql)

    def _read(self, relation: str, names: list[str], condition: exp.Expr | None) -> pa.Table:
        if relation in self._relations.partition_lists:
            return self._partition_values(relation, self._relations.partitions(relation))
        lake_table = self._relations.tables[relation]
        partitions: list[Partition] = []
        if lake_table.table.parameters.get("projection.enabled", "").lower() == "true":
            raise QueryError(
                "NOT_SUPPORTED", f"partition projection of {lake_table.table.name} is not emulated"
            )
        if lake_table.keys:
            partitions = self._relations.partitions(relation)
            if condition is not None:
                partitions = self._pruned(relation, partitions, condition)
        return TableScan(self._store, lake_table, self._check).read(names, partitions)

    def _pruned(self, relation: str, partitions: list[Partition], condition: exp.Expr) -> list[Partition]:
        values = self._partition_values(relation, partitions)
        self._duckdb.register("candidates", values.append_column("$index", pa.array(range(len(partitions)))))
        sql = exp.select(exp.column("$index", quoted=True)).from_("candidates").where(condition)
        kept = self._run(_duckdb_sql(sql)).column(0).to_pylist()
        return [partitions[index] for index in sorted(kept)]

    def _partition_values(self, relation: str, partitions: list[Partition]) -> pa.Table:
        lake_table = self._relations.tables.get(relation) or self._relations.partition_lists[relation]
        kinds = lake_table.columns
        columns = {
            key: pa.array([key_value(part.values[i], kinds[key]).as_py() for part in partitions], kinds[key])
            for i, key in enumerate(lake_table.keys)
        }
        return pa.table(columns)

    def _partition_conditions(self, query: exp.Expr) -> Iterator[tuple[str, exp.Expr]]:
        """Conditions on partition keys alone, per relation, wherever they can be pushed down to it."""
        for scope in traverse_scope(pushdown_predicates(query.copy(), dialect="athena")):
            conditions = _conditions(scope.expression)
            for alias, source in scope.sources.items():
                if not isinstance(source, exp.Table) or source.name not in self._relations.tables:
                    continue
                keys = set(self._relations.tables[source.name].keys)
                alone = [part for part in conditions if _only_about(part, alias, keys)]
                if alone:
                    bare = exp.and_(*alone).transform(_without_table)
                    yield source.name, bare

    def _result_columns(self, expanded: exp.Expr) -> pa.Schema:
        return self._described(_duckdb_sql(self._qualified(expanded)))

    def _qualified(self, expanded: exp.Expr) -> exp.Expr:
        schema = self._schema()
        try:
            qualified = qualify(expanded, dialect="athena", schema=schema)
            typed = annotate_types(qualified, schema=schema, dialect="athena")
        except OptimizeError as error:
            raise _resolution_error(error) from error
        return typed

    def _schema(self) -> MappingSchema:
        relations = self._relations
        names = (*relations.tables, *relations.partition_lists)
        visible = {name: {c: trino_type(k) for c, k in relations.columns(name).items()} for name in names}
        every: dict[str, object] = {
            name: columns | ({PATH: "varchar"} if name in relations.tables else {})
            for name, columns in visible.items()
        }
        return MappingSchema(
            every, visible={name: list(columns) for name, columns in visible.items()}, dialect="athena"
        )

    def _described(self, sql: str) -> pa.Schema:
        """Run the query over empty tables: its columns, or the error that its types make."""
        for name in (*self._relations.tables, *self._relations.partition_lists):
            kinds = self._relations.columns(name) | {PATH: pa.string()}
            self._duckdb.register(name, pa.schema(list(kinds.items())).empty_table())
        return self._run(sql).schema

    def _run(self, sql: str) -> pa.Table:
        try:
            return self._duckdb.sql(sql).to_arrow_table()
        except duckdb.Error as error:
            self._check()
            code = next((code for kind, code in _CODES if isinstance(error, kind)), "GENERIC_INTERNAL_ERROR")
            raise QueryError(code, str(error).splitlines()[0]) from error


def _duckdb_sql(query: exp.Expr) -> str:
    try:
        return for_duckdb(query).sql(dialect="duckdb")
    except SqlglotError as error:
        raise QueryError("NOT_SUPPORTED", str(error)) from error


def _used_columns(query: exp.Expr) -> dict[str, list[str]]:
    """Columns used of every relation; ``$path`` alone where only rows matter."""
    used: dict[str, list[str]] = {}
    for scope in traverse_scope(query):
        for alias, source in scope.sources.items():
            if isinstance(source, exp.Table):
                names = dict.fromkeys(column.name for column in scope.columns if column.table == alias)
                used[source.name] = list(names) or [PATH]
    return used


def _conditions(query: exp.Expr) -> list[exp.Expr]:
    """What every row that the query keeps must fulfil; nothing when an outer join makes rows of its own."""
    joins = query.args.get("joins") or []
    if not isinstance(query, exp.Select) or any(join.side for join in joins):
        return []
    clauses = [join.args.get("on") for join in joins]
    where = query.args.get("where")
    clauses.append(where.this if where else None)
    return [part for clause in clauses if clause is not None for part in _conjuncts(clause)]


def _conjuncts(condition: exp.Expr) -> list[exp.Expr]:
    return list(condition.flatten()) if isinstance(condition, exp.And) else [condition]


def _only_about(condition: exp.Expr, alias: str, keys: set[str]) -> bool:
    columns = list(condition.find_all(exp.Column))
    simple = condition.find(exp.Subquery, exp.Select, exp.Exists) is None
    return simple and bool(columns) and all(c.table == alias and c.name in keys for c in columns)


def _without_table(node: exp.Expr) -> exp.Expr:
    return exp.column(node.name, quoted=True) if isinstance(node, exp.Column) else node


def _resolution_error(error: OptimizeError) -> QueryError:
    text = str(error)
    if "could not be resolved" in text:
        name = text.split("'")[1] if "'" in text else "?"
        return QueryError(
            "COLUMN_NOT_FOUND",
            f"line 1:1: Column '{name}' cannot be resolved or requester is not authorized to access "
            "requested resources",
        )
    return QueryError("SYNTAX_ERROR", text)
