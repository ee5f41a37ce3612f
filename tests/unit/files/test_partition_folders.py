"""Every row goes to the folder of its values, and rows of one folder keep their order."""

import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st

from lakeshot.columns.schema import arrow_schema
from lakeshot.columns.types import BIGINT, BOOLEAN, STRING, Column
from lakeshot.files.partition_folders import by_folder, no_value_folder

COLUMNS = (
    Column(name="id", source="Id", type=BIGINT),
    Column(name="kind", source="Kind", type=STRING),
    Column(name="paid", source="Paid", type=BOOLEAN),
)
NULL = "__HIVE_DEFAULT_PARTITION__"


def table_of(rows: list[tuple[str | None, bool | None]]) -> pa.Table:
    arrays = [range(len(rows)), [kind for kind, _ in rows], [paid for _, paid in rows]]
    schema = arrow_schema(COLUMNS)
    return pa.Table.from_arrays(
        [pa.array(values, field.type) for values, field in zip(arrays, schema, strict=True)], schema=schema
    )


@given(st.lists(st.tuples(st.sampled_from([None, "", "a", "b/"]), st.none() | st.booleans()), min_size=1))
def test_rows_are_shared_out_in_their_order(rows: list[tuple[str | None, bool | None]]) -> None:
    """None is lost, none is in two folders; levels stand in the order of the names, large folders first."""
    texts = {None: NULL, "": "%5F", "a": "a", "b/": "b%2F", True: "true", False: "false"}
    expected: dict[str, list[int]] = {}
    for number, (kind, paid) in enumerate(rows):
        expected.setdefault(f"paid={texts[paid]}/kind={texts[kind]}/", []).append(number)
    found = list(by_folder(table_of(rows), COLUMNS, {"Paid": "paid", "Kind": "kind"}))
    assert {folder: places.to_pylist() for folder, places in found} == expected
    sizes = [len(places) for _, places in found]
    assert sizes == sorted(sizes, reverse=True)


def test_no_value_has_a_folder_on_every_level() -> None:
    """Where a file without rows lies."""
    assert no_value_folder({"Kind": "kind", "Paid": "paid"}) == f"kind={NULL}/paid={NULL}/"
    assert no_value_folder({}) == ""
