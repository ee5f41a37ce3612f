"""One query counts what a snapshot's files hold and what its view shows, and compares two views by rows."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lakeshot.columns.schema import arrow_schema
from lakeshot.columns.types import BIGINT, Column, ColumnType
from lakeshot.config.deployed import Deployed
from lakeshot.files import FileFormat
from lakeshot.lake.count_sql import count_sql
from lakeshot.lake.shown import Layer, Shown
from lakeshot.names import snapshot_name
from lakeshot.steps.choosing_scope import MOST_LINKS, MOST_SCHEMAS
from tests.unit.lake.drawn_histories import IN_A_FIXTURE, written
from tests.unit.lake.histories import BEGIN, KEYS, History, Schema, Write, Written, write
from tests.unit.manifests import column

END_1, END_2 = BEGIN + timedelta(hours=1), BEGIN + timedelta(hours=2)
SECOND = timedelta(seconds=1)
SCHEMA = Schema(BIGINT, BIGINT, has_note=False)
Row = Sequence[Any]


def counted(lake: Written, shown: Shown, compared: Shown | None = None) -> dict[str, str | None]:
    result = lake.lake.query(count_sql(lake.deployed, shown, compared=compared))
    (row,) = result.rows
    return dict(zip(result.columns, row, strict=True))


def whole(base: Layer, columns: tuple[Column, ...]) -> Shown:
    snapshot = base.snapshots[0]
    return Shown(snapshot=snapshot, columns=columns, keys=KEYS, base=base, last_window=snapshot)


def put(lake: Written, snapshot: str, types: dict[str, str], *rows: Row) -> Shown:
    """A whole snapshot of these rows."""
    columns = tuple(
        Column(name=name.lower(), source=name, type=ColumnType.parse(types[name])) for name in types
    )
    schema = arrow_schema(columns)
    values = list(zip(*rows, strict=True)) or [()] * len(columns)
    arrays = [pa.array(list(one), field.type) for one, field in zip(values, schema, strict=True)]
    layer = lake.put(snapshot, pa.Table.from_arrays(arrays, schema=schema), columns, changes=False)
    return whole(layer, columns)


@pytest.fixture
def lake(deployed: Deployed) -> Written:
    return Written(deployed, FileFormat.PARQUET)


def test_a_whole_snapshot_is_counted_once(deployed: Deployed, lake: Written) -> None:
    """Its view shows exactly its rows, and older snapshots cost nothing."""
    shown = put(lake, "20261102T000000Z", {"Id": "bigint", "Sort": "string"}, (1, "a"), (2, "a"))
    assert count_sql(deployed, shown, compared=None) == (
        'SELECT count(*) AS "rows", count(*) AS "rows_shown" FROM "lakeshot"."snapshots_reviews" '
        "WHERE \"snapshot_timestamp\" = '20261102T000000Z'"
    )
    assert counted(lake, shown) == {"rows": "2", "rows_shown": "2"}


def test_changes_are_counted_beside_what_they_make_of_the_view(deployed: Deployed, lake: Written) -> None:
    """Three rows, of which one is deleted, and one comes; only keys are read for it.

    Beneath lie the three rows and both changes.
    """
    writes = [Write(BEGIN - SECOND, (number, "a"), number) for number in range(3)]
    writes += [Write(BEGIN, (0, "a"), deletes=True), Write(END_1, (7, "a"), 7)]
    history = History(writes, [BEGIN, END_1, END_2])
    shown = write(history, [SCHEMA] * 3, lake)
    assert counted(lake, shown) == {"rows": "1", "rows_beneath": "5", "rows_shown": "3"}
    assert '"value"' not in count_sql(deployed, shown, compared=None)


def test_the_longest_chain_is_counted_by_a_query_that_states_can_pass(deployed: Deployed) -> None:
    """However many columns there are: 32 KiB is what a state may hold."""
    columns = tuple(column(f"Attribute {number}", "string") for number in range(1_600))
    names = [snapshot_name(BEGIN + timedelta(hours=number)) for number in range(MOST_LINKS + 1)]
    base = Layer(generation=1, format=FileFormat.PARQUET, columns=columns, snapshots=(names[0],))
    size = -(-MOST_LINKS // MOST_SCHEMAS)
    changes = tuple(
        base.model_copy(update={"generation": number, "snapshots": tuple(names[1 + number * size :][:size])})
        for number in range(MOST_SCHEMAS)
    )
    shown = Shown(
        snapshot=names[-1],
        columns=columns,
        keys=("Attribute 0", "Attribute 1"),
        base=base,
        changes=changes,
        last_window=names[-1],
    )
    assert len(count_sql(deployed, shown, compared=None)) < 32 * 1024


@IN_A_FIXTURE
@given(data=st.data())
def test_the_whole_table_has_the_rows_that_changes_lead_to(deployed: Deployed, data: st.DataObject) -> None:
    """Whichever of the two is held against the other, and a row that is lost or added is told."""
    history, lake, schemas = data.draw(written(deployed))
    by_changes = write(history, schemas, lake)
    rows = list(history.rows(history.moments[-1]).values())
    base = lake.whole(snapshot_name(history.moments[-1] + SECOND), rows, schemas[-1])
    at_once = whole(base, schemas[-1].columns)
    changed = str(len(history.changes(_names(history).index(by_changes.snapshot))))
    shown, equal = str(len(rows)), {"missing": "0", "surplus": "0"}
    assert counted(lake, at_once, by_changes) == {"rows": shown, "rows_shown": shown, **equal}
    assert counted(lake, by_changes, at_once) == {"rows": changed, "rows_shown": shown, **equal}
    more = [*rows, Write(BEGIN, (3, "new"))]
    base = lake.whole(snapshot_name(history.moments[-1] + 2 * SECOND), more, schemas[-1])
    found = counted(lake, whole(base, schemas[-1].columns), by_changes)
    assert found == {"rows": str(len(more)), "rows_shown": str(len(more)), "missing": "0", "surplus": "1"}


def _names(history: History) -> list[str]:
    return [snapshot_name(moment) for moment in history.moments]


TYPES = {"Id": "bigint", "Sort": "string", "Tags": "array<string>", "Detail": "json"}
ROW: Row = (1, "a", ["x", "y"], '{"a":1,"b":[true,null]}')


@pytest.mark.parametrize(
    ("types", "rows", "missing", "surplus"),
    [
        (TYPES, [ROW], "0", "0"),
        (TYPES, [(1, "a", ["y", "x"], '{"b": [true, null], "a": 1}')], "0", "0"),
        (TYPES, [(1, "a", ["x"], '{"a":1,"b":[true,null]}')], "1", "1"),
        (TYPES, [(1, "a", ["x", "y"], '{"a":1,"b":[null,true]}')], "1", "1"),
        (TYPES, [(1, "a", None, None)], "1", "1"),
        (TYPES, [], "1", "0"),
        (TYPES, [ROW, ROW], "0", "1"),
        (TYPES | {"Id": "decimal(38,18)"}, [ROW], "0", "0"),
        (TYPES | {"New": "string"}, [(*ROW, None)], "0", "0"),
        (TYPES | {"New": "string"}, [(*ROW, "n")], "1", "1"),
    ],
    ids=[
        "the same",
        "a set and an object in another order",
        "an element that a set lacks",
        "a list in another order",
        "values that are null",
        "no row",
        "the row twice",
        "the row in a wider type",
        "an attribute more, without values",
        "an attribute more",
    ],
)
def test_rows_are_compared_by_what_they_mean(
    types: dict[str, str], rows: Sequence[Row], missing: str, surplus: str, lake: Written
) -> None:
    """Sets and the keys of objects have no order, and an attribute that is absent is null."""
    compared = put(lake, "20261101T000000Z", TYPES, ROW)
    shown = put(lake, "20261102T000000Z", types, *rows)
    count = str(len(rows))
    assert counted(lake, shown, compared) == {
        "rows": count,
        "rows_shown": count,
        "missing": missing,
        "surplus": surplus,
    }
