"""Athena's DDL and SHOW statements, carried out on the Glue catalog.

https://docs.aws.amazon.com/athena/latest/ug/ddl-reference.html. Hive's partition clauses are taken apart by
pattern, since sqlglot keeps them as text.
"""

import re
from collections.abc import Callable

from sqlglot import exp

from local.athena.errors import QueryError
from local.athena.relations import parsed
from local.athena.result import Result, texts
from local.athena.select import Select
from local.athena.table_definition import table_of
from local.athena.views import view_definition, view_table
from local.lake.catalog import Catalog, Partition, Table
from local.lake.objects import ObjectStore

_IDENTIFIER = r'(?:"[^"]+"|`[^`]+`|\w+)'
_NAME = rf"(?P<name>{_IDENTIFIER}(?:\.{_IDENTIFIER})*)"
_SPEC = re.compile(r"PARTITION\s*\((?P<spec>[^)]*)\)(?:\s*LOCATION\s*'(?P<location>[^']*)')?", re.IGNORECASE)
_VALUE = re.compile(r"[`\"]?(\w+)[`\"]?\s*=\s*(?:'((?:[^']|'')*)'|([\w.+-]+))")
_VIEW_NAME = re.compile(r"[a-z0-9_]+")


def _pattern(text: str) -> re.Pattern[str]:
    words = text.replace(" ", r"\s+").replace("NAME", _NAME)
    return re.compile(words, re.IGNORECASE | re.DOTALL)


class Ddl:
    """Runs the statements that change or show the catalog; anything else is left to the caller."""

    def __init__(self, catalog: Catalog, store: ObjectStore, select: Select, database: str) -> None:
        self._catalog = catalog
        self._store = store
        self._select = select
        self._database = database

    def run(self, sql: str) -> Result | None:
        """Return the statement's result, or None when it is no DDL."""
        forms: tuple[tuple[str, Callable[[re.Match[str]], Result]], ...] = (
            (r"CREATE (?P<replace>OR\s+REPLACE\s+)?VIEW NAME AS (?P<query>.+)", self._create_view),
            (r"DROP (?P<kind>VIEW|TABLE) (?P<exists>IF\s+EXISTS\s+)?NAME", self._drop),
            (r"CREATE EXTERNAL TABLE (?P<exists>IF\s+NOT\s+EXISTS\s+)?NAME\s*\(.+", self._create_table),
            (r"ALTER TABLE NAME ADD (?P<exists>IF\s+NOT\s+EXISTS\s+)?(?P<specs>PARTITION.+)", self._add),
            (r"ALTER TABLE NAME DROP (?P<exists>IF\s+EXISTS\s+)?(?P<specs>PARTITION.+)", self._remove),
            (r"MSCK REPAIR TABLE NAME", self._repair),
            (r"SHOW TABLES(?:\s+IN NAME)?(?:\s+'(?P<like>[^']*)')?", self._show_tables),
            (r"SHOW VIEWS(?:\s+IN NAME)?", self._show_views),
            (r"SHOW PARTITIONS NAME", self._show_partitions),
            (r"SHOW CREATE VIEW NAME", self._show_create_view),
            (r"DESCRIBE NAME", self._describe),
        )
        for text, action in forms:
            match = _pattern(text).fullmatch(sql)
            if match:
                return action(match)
        return None

    def _create_view(self, match: re.Match[str]) -> Result:
        database, name = self._place(match["name"])
        if not _VIEW_NAME.fullmatch(name):
            raise QueryError(
                "INVALID_VIEW", f"a view's name may hold letters, digits and '_' only, not {name!r}"
            )
        query = parsed(match["query"])
        if not isinstance(query, exp.Query):
            raise QueryError("SYNTAX_ERROR", "line 1:1: a view needs a query after AS")
        columns = self._select.columns(query, self._database)
        view = view_table(name, self._database, match["query"], columns)
        present = self._catalog.table(database, name)
        if present is None:
            self._catalog.create(database, view)
        elif match["replace"] and present.is_view:
            self._catalog.update(database, view)
        else:
            kind = "View" if present.is_view else "Table"
            raise QueryError("ALREADY_EXISTS", f"line 1:1: {kind} already exists: '{database}.{name}'")
        return Result()

    def _drop(self, match: re.Match[str]) -> Result:
        database, name = self._place(match["name"])
        table, kind = self._catalog.table(database, name), match["kind"].capitalize()
        if table is not None and table.is_view == (kind == "View"):
            self._catalog.delete(database, name)
        elif not match["exists"]:
            raise QueryError(
                "TABLE_NOT_FOUND", f"line 1:1: {kind} 'awsdatacatalog.{database}.{name}' does not exist"
            )
        return Result()

    def _create_table(self, match: re.Match[str]) -> Result:
        database, name = self._place(match["name"])
        if self._catalog.table(database, name) is None:
            self._catalog.create(database, table_of(name, match.string))
        elif not match["exists"]:
            raise QueryError("ALREADY_EXISTS", f"Table {database}.{name} already exists")
        return Result()

    def _add(self, match: re.Match[str]) -> Result:
        database, table = self._table(match["name"])
        registered = {partition.values for partition in self._catalog.partitions(database, table.name)}
        added = []
        for spec in _SPEC.finditer(match["specs"]):
            values = _values(spec["spec"], table)
            if values in registered and not match["exists"]:
                raise QueryError("ALREADY_EXISTS", f"Partition already exists: {'/'.join(values)}")
            place = spec["location"] or _default_location(table, values)
            added.append(_partition(table, values, place))
        self._catalog.add_partitions(database, table.name, added)
        return Result()

    def _remove(self, match: re.Match[str]) -> Result:
        database, table = self._table(match["name"])
        registered = {partition.values for partition in self._catalog.partitions(database, table.name)}
        for spec in _SPEC.finditer(match["specs"]):
            values = _values(spec["spec"], table)
            if values not in registered and not match["exists"]:
                raise QueryError("PARTITION_NOT_FOUND", f"Partition not found: {'/'.join(values)}")
            self._catalog.delete_partition(database, table.name, values)
        return Result()

    def _repair(self, match: re.Match[str]) -> Result:
        """Register what lies below the table; values with ``:`` are passed over in silence, as on AWS."""
        database, table = self._table(match["name"])
        registered = {partition.values for partition in self._catalog.partitions(database, table.name)}
        root = table.storage_descriptor.location.rstrip("/")
        keys = [key.name.lower() for key in table.partition_keys]
        found: dict[tuple[str, ...], str] = {}
        for stored in self._store.list(root):
            folders = [folder.partition("=") for folder in stored.relative.split("/")[:-1]][: len(keys)]
            values = tuple(value for _, _, value in folders)
            if [name.lower() for name, _, _ in folders] == keys and not any(":" in value for value in values):
                found[values] = f"{root}/{'/'.join(stored.relative.split('/')[: len(keys)])}/"
        new = {values: place for values, place in found.items() if values not in registered}
        self._catalog.add_partitions(
            database, table.name, [_partition(table, values, place) for values, place in new.items()]
        )
        lines = [f"Repair: Added partition to metastore {table.name}:{'/'.join(values)}" for values in new]
        return texts(lines, "result")

    def _show_tables(self, match: re.Match[str]) -> Result:
        database = self._place(match["name"] + ".x")[0] if match["name"] else self._database
        wanted = re.compile((match["like"] or "*").replace("*", ".*"))
        names = sorted(table.name for table in self._catalog.tables(database) if wanted.fullmatch(table.name))
        return texts(names, "tab_name")

    def _show_views(self, match: re.Match[str]) -> Result:
        database = self._place(match["name"] + ".x")[0] if match["name"] else self._database
        return texts(sorted(t.name for t in self._catalog.tables(database) if t.is_view), "views")

    def _show_partitions(self, match: re.Match[str]) -> Result:
        database, table = self._table(match["name"])
        keys = [key.name for key in table.partition_keys]
        lines = (
            "/".join(f"{key}={value}" for key, value in zip(keys, partition.values, strict=True))
            for partition in self._catalog.partitions(database, table.name)
        )
        return texts(sorted(lines), "partition")

    def _show_create_view(self, match: re.Match[str]) -> Result:
        database, table = self._table(match["name"])
        if not table.is_view:
            raise QueryError("INVALID_VIEW", f"'{database}.{table.name}' is a table, not a view")
        definition = view_definition(database, table)
        text = f"CREATE VIEW {database}.{table.name} AS\n{definition.originalSql}"
        return texts(text.splitlines(), "Create View")

    def _describe(self, match: re.Match[str]) -> Result:
        _, table = self._table(match["name"])
        columns = (*table.storage_descriptor.columns, *table.partition_keys)
        return texts((f"{column.name:<20}\t{column.type:<20}\t" for column in columns), "col_name")

    def _table(self, text: str) -> tuple[str, Table]:
        database, name = self._place(text)
        table = self._catalog.table(database, name)
        if table is None:
            raise QueryError(
                "TABLE_NOT_FOUND", f"line 1:1: Table 'awsdatacatalog.{database}.{name}' does not exist"
            )
        return database, table

    def _place(self, text: str) -> tuple[str, str]:
        parts = [part.strip('"`').lower() for part in re.findall(_IDENTIFIER, text)]
        return (parts[-2] if len(parts) > 1 else self._database), parts[-1]


def _values(spec: str, table: Table) -> tuple[str, ...]:
    given = {
        m[1].lower(): m[2].replace("''", "'") if m[2] is not None else m[3] for m in _VALUE.finditer(spec)
    }
    keys = [key.name.lower() for key in table.partition_keys]
    if sorted(given) != sorted(keys):
        raise QueryError(
            "INVALID_PARTITION", f"the partition names {sorted(given)}, the table's keys are {keys}"
        )
    return tuple(given[key] for key in keys)


def _default_location(table: Table, values: tuple[str, ...]) -> str:
    folders = (f"{key.name}={value}" for key, value in zip(table.partition_keys, values, strict=True))
    return "/".join((table.storage_descriptor.location.rstrip("/"), *folders))


def _partition(table: Table, values: tuple[str, ...], location: str) -> Partition:
    storage = table.storage_descriptor.model_copy(update={"location": location})
    return Partition(values=values, storage_descriptor=storage)
