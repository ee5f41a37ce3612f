"""Writes to a table, what DynamoDB's exports tell of them, and both as files in a lake."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import pyarrow as pa

from lakeshot.columns.casting import cast_array
from lakeshot.columns.changes import CHANGE_COLUMNS
from lakeshot.columns.schema import arrow_schema
from lakeshot.columns.types import BIGINT, STRING, Column, ColumnType
from lakeshot.config.deployed import Deployed
from lakeshot.dynamodb.windows import Window, windows
from lakeshot.files import Compression, FileFormat
from lakeshot.lake.generations import Known, Shape, generation_for
from lakeshot.lake.hive_table import merged_columns, table_input
from lakeshot.lake.shown import Layer, Shown
from lakeshot.names import snapshot_name
from local.athena.result import result_of
from local.lake.catalog import Table
from tests.unit.declared import file_of
from tests.unit.local.lake_in_memory import Lake
from tests.unit.manifests import manifest

Key = tuple[int, str]
KEYS = ("Id", "Sort")
BEGIN = datetime(2026, 11, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Write:
    """A row is put in the place of what was there, or is deleted."""

    at: datetime
    key: Key
    value: int | None = None
    note: str | None = None
    deletes: bool = False


@dataclass(frozen=True)
class Change:
    """What an incremental export tells of a row: how it was last written, and what came of it as a whole."""

    write: Write
    operation: str
    window: Window


@dataclass(frozen=True)
class Schema:
    """The types of a snapshot's columns. ``has_note`` says whether a row had one yet."""

    key: ColumnType
    value: ColumnType
    has_note: bool

    @property
    def columns(self) -> tuple[Column, ...]:
        types = {"Id": self.key, "Sort": STRING, "Value": self.value}
        if self.has_note:
            types["Note"] = STRING
        return tuple(Column(name=name.lower(), source=name, type=kind) for name, kind in types.items())


@dataclass(frozen=True)
class History:
    """All writes there are. ``moments`` are the instants of the snapshots, the first of which is whole."""

    writes: Sequence[Write]
    moments: Sequence[datetime]

    def rows(self, moment: datetime) -> dict[Key, Write]:
        """The table as it was just before a moment."""
        last = self._last_writes(BEGIN - timedelta(days=1), moment)
        return {key: write for key, write in last.items() if not write.deletes}

    def changes(self, number: int) -> list[Change]:
        """What is exported for a snapshot, of all its windows."""
        since, until = self.moments[number - 1 : number + 1]
        return [
            change
            for window in windows(since, until, is_full=number == 1)
            for change in self._changes(window)
        ]

    def _changes(self, window: Window) -> Iterator[Change]:
        before, after = self.rows(window.begins), self.rows(window.ends)
        for key, last in self._last_writes(window.begins, window.ends).items():
            if key in after:
                yield Change(last, "update" if key in before else "insert", window)
            elif key in before:
                yield Change(last, "delete", window)

    def _last_writes(self, begins: datetime, ends: datetime) -> dict[Key, Write]:
        in_order = sorted(self.writes, key=lambda write: write.at)
        return {write.key: write for write in in_order if begins <= write.at < ends}


@dataclass
class Written:
    """A lake that has the snapshots of a history, in files of one format."""

    deployed: Deployed
    file_format: FileFormat
    lake: Lake = field(default_factory=Lake)
    known: dict[bool, list[Known]] = field(default_factory=lambda: {False: [], True: []})
    declared: dict[str, Mapping[str, str]] = field(default_factory=dict)

    def whole(self, snapshot: str, rows: Iterable[Write], schema: Schema) -> Layer:
        """Write and register a whole snapshot."""
        return self.put(snapshot, _table(rows, schema), schema.columns, changes=False)

    def changes(self, snapshot: str, changes: Sequence[Change], schema: Schema) -> Layer:
        """Write and register a snapshot of changes."""
        told = [
            (
                change.operation,
                round(change.write.at.timestamp() * 1_000_000),
                change.window.name,
                change.write.at >= change.window.repeated_from,
                None,
            )
            for change in changes
        ]
        values = list(zip(*told, strict=True)) or [()] * len(CHANGE_COLUMNS)
        table = _table([change.write for change in changes], schema)
        columns = (*CHANGE_COLUMNS, *schema.columns)
        arrays = [
            pa.array(one, kind.type) for one, kind in zip(values, arrow_schema(CHANGE_COLUMNS), strict=True)
        ]
        whole = pa.Table.from_arrays([*arrays, *table.columns], schema=arrow_schema(columns))
        return self.put(snapshot, whole, columns, changes=True)

    def put(self, snapshot: str, rows: pa.Table, columns: tuple[Column, ...], *, changes: bool) -> Layer:
        """Write and register rows that have these columns."""
        shape = Shape(self.file_format, columns)
        generation = generation_for(shape, self.known[changes])
        self.known[changes].append(Known(generation, shape))
        name = self.deployed.names.table_of(generation, changes=changes)
        described = manifest(file_format=self.file_format, columns=columns)
        own = merged_columns(self.declared.get(name, {}), described)
        self.declared[name] = own
        table = Table.model_validate(table_input(self.deployed, described, name, own, {}))
        storage = table.storage_descriptor.model_copy(update={"location": f"s3://lake/{name}/"})
        self.lake.catalog.databases["lakeshot"][name] = table.model_copy(
            update={"storage_descriptor": storage}
        )
        self.lake.register(name, snapshot, own)
        key = f"{name}/snapshot_timestamp={snapshot}/a.{self.file_format}"
        self.lake.store.objects[key] = file_of(rows, columns, self.file_format, Compression.NONE)
        return Layer(generation=generation, format=self.file_format, columns=columns, snapshots=(snapshot,))


def write(history: History, schemas: Sequence[Schema], written: Written) -> Shown:
    """Write all snapshots of a history, with these schemas; what the view of the last one shows."""
    names = [snapshot_name(moment) for moment in history.moments]
    base = written.whole(names[0], history.rows(history.moments[0]).values(), schemas[0])
    changes: list[Layer] = []
    for number in range(1, len(names)):
        layer = written.changes(names[number], history.changes(number), schemas[number])
        alike = changes[-1] if changes else layer
        if changes and (alike.generation, alike.columns) == (layer.generation, layer.columns):
            changes[-1] = alike.model_copy(update={"snapshots": (*alike.snapshots, *layer.snapshots)})
        else:
            changes.append(layer)
    return Shown(
        snapshot=names[-1],
        columns=schemas[-1].columns,
        keys=KEYS,
        base=base,
        changes=tuple(changes),
        last_window=names[-1],
    )


def texts(rows: Iterable[Write], schema: Schema, snapshot: str) -> list[tuple[str | None, ...]]:
    """What Athena prints of these rows in a schema, in the order of their keys."""
    return sorted((*row, snapshot) for row in result_of(_table(rows, schema)).rows)


def _table(rows: Iterable[Write], schema: Schema) -> pa.Table:
    """The rows; those of deletions have keys only."""
    there = list(rows)
    ids = pa.array([row.key[0] for row in there], pa.int64())
    values = pa.array([None if row.deletes else row.value for row in there], pa.int64())
    arrays = [
        cast_array(ids, BIGINT, schema.key),
        pa.array([row.key[1] for row in there], pa.string()),
        cast_array(values, BIGINT, schema.value),
        pa.array([None if row.deletes else row.note for row in there], pa.string()),
    ]
    return pa.Table.from_arrays(arrays[: len(schema.columns)], schema=arrow_schema(schema.columns))
