"""Which table a snapshot is placed in."""

from itertools import combinations

from hypothesis import given
from hypothesis import strategies as st

from lakeshot.columns.schema import hive_type
from lakeshot.columns.types import Column, ColumnType, Scalar
from lakeshot.files import FileFormat
from lakeshot.lake.generations import Known, generation_for
from tests.unit.manifests import column

PARQUET, JSON = FileFormat.PARQUET, FileFormat.JSON
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
