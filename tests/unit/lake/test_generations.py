"""Which table a snapshot is placed in."""

from itertools import combinations

from hypothesis import given
from hypothesis import strategies as st

from lakeshot.columns.schema import hive_type
from lakeshot.columns.types import Column, ColumnType, Scalar
from lakeshot.files import FileFormat
from lakeshot.lake.generations import Known, generation_for
from lakeshot.lake.hive_table import merged_columns
from tests.unit.manifests import column, manifest

PARQUET, JSON, CSV = FileFormat.PARQUET, FileFormat.JSON, FileFormat.CSV
NUMBER, TEXT = (column("A", "bigint"),), (column("A", "string"),)

types = st.builds(ColumnType, st.sampled_from(Scalar), st.booleans())
schemas = st.dictionaries(st.sampled_from("abcde"), types, max_size=4).map(
    lambda found: tuple(Column(name=name, source=name, type=type_) for name, type_ in found.items())
)
histories = st.lists(st.tuples(st.sampled_from(FileFormat), schemas), max_size=12)


def place(history: list[tuple[FileFormat, tuple[Column, ...]]]) -> list[Known]:
    placed: list[Known] = []
    for file_format, columns in history:
        placed.append((generation_for(columns, file_format, placed), file_format, columns))
    return placed


def hive(known: Known) -> dict[str, str]:
    return {found.name: hive_type(found.type, known[1]) for found in known[2]}


def test_the_first_snapshot_is_of_the_first_generation() -> None:
    """Whatever it holds."""
    assert generation_for(NUMBER, PARQUET, []) == 1


def test_new_and_missing_columns_stay_in_the_generation() -> None:
    """Only types can disagree."""
    assert generation_for((column("B", "string"),), PARQUET, [(1, PARQUET, NUMBER)]) == 1


def test_a_changed_type_begins_a_generation() -> None:
    """Its number is above every other, also where those between are gone."""
    assert generation_for(TEXT, PARQUET, [(1, PARQUET, NUMBER)]) == 2
    assert generation_for(TEXT, PARQUET, [(3, PARQUET, NUMBER)]) == 4


def test_types_that_hive_knows_by_one_name_agree() -> None:
    """Text of JSON is text; so are decimals where files are JSON lines."""
    assert generation_for((column("A", "json"),), PARQUET, [(1, PARQUET, TEXT)]) == 1
    decimals = (column("A", "decimal(38,18)"),)
    assert generation_for(decimals, JSON, [(1, JSON, TEXT)]) == 1
    assert generation_for(decimals, JSON, [(1, PARQUET, decimals)]) == 2


def test_snapshots_of_another_format_begin_a_generation() -> None:
    """A table is described by one format."""
    assert generation_for(TEXT, JSON, [(1, PARQUET, TEXT)]) == 2
    assert generation_for(TEXT, PARQUET, [(1, PARQUET, TEXT), (2, JSON, TEXT)]) == 1


def test_csv_columns_at_other_places_begin_a_generation() -> None:
    """Columns may only be added at the end, because a file holds them by position."""
    ab, a, ba = (tuple(column(name, "string") for name in names) for names in ("AB", "A", "BA"))
    assert generation_for(ab, CSV, [(1, CSV, a)]) == 1
    assert generation_for(a, CSV, [(1, CSV, ab)]) == 1
    assert generation_for(ba, CSV, [(1, CSV, ab)]) == 2
    assert generation_for(ba, PARQUET, [(1, PARQUET, ab)]) == 1


@given(st.lists(st.tuples(st.lists(st.sampled_from("abcd"), unique=True, min_size=1), st.booleans())))
def test_a_csv_table_has_the_columns_of_its_snapshots_at_their_places(
    history: list[tuple[list[str], bool]],
) -> None:
    """Whatever the snapshots' columns, and although the catalog keeps what snapshots that are gone left."""
    tables: dict[int, dict[str, str]] = {}
    known: list[Known] = []
    for names, stays in history:
        columns = tuple(column(name, "bigint") for name in names)
        generation = generation_for(columns, CSV, known)
        written = manifest(file_format=CSV, columns=columns)
        tables[generation] = dict(merged_columns(tables.get(generation, {}), written))
        assert list(tables[generation])[: len(names)] == names
        if stays:
            known.append((generation, CSV, columns))
        for placed, _, theirs in known:
            assert list(tables[placed])[: len(theirs)] == [one.name for one in theirs]


def test_the_newest_generation_that_agrees_is_taken() -> None:
    """Where several do."""
    known = [(1, PARQUET, NUMBER), (2, PARQUET, TEXT), (3, PARQUET, (column("B", "string"),))]
    assert generation_for((column("C", "string"),), PARQUET, known) == 3
    assert generation_for((*TEXT, column("B", "bigint")), PARQUET, known) == 2


@given(histories)
def test_all_snapshots_of_a_generation_agree_pairwise(
    history: list[tuple[FileFormat, tuple[Column, ...]]],
) -> None:
    """So any of them can be read with the table of any other."""
    for a, b in combinations(place(history), 2):
        if a[0] == b[0]:
            assert all(hive(a)[name] == hive(b)[name] for name in hive(a).keys() & hive(b).keys())


@given(histories)
def test_generations_are_counted_without_gaps(history: list[tuple[FileFormat, tuple[Column, ...]]]) -> None:
    """As long as no snapshot was removed."""
    generations = {generation for generation, _, _ in place(history)}
    assert generations == set(range(1, len(generations) + 1))
