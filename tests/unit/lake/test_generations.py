"""Which table a snapshot is placed in."""

from itertools import combinations

from hypothesis import given
from hypothesis import strategies as st

from lakeshot.columns.schema import hive_type
from lakeshot.columns.types import Column
from lakeshot.files import UNREADABLE, FileFormat
from lakeshot.files.delimited import COMMAS, Delimited
from lakeshot.lake.generations import Known, Shape, generation_for
from lakeshot.lake.hive_table import merged_columns
from tests.unit.columns.any_type import TYPES
from tests.unit.manifests import column, manifest

PARQUET, JSON, CSV = FileFormat.PARQUET, FileFormat.JSON, FileFormat.CSV
NUMBER, TEXT = (column("A", "bigint"),), (column("A", "string"),)

schemas = st.dictionaries(st.sampled_from("abcde"), TYPES, max_size=4).map(
    lambda found: tuple(Column(name=name, source=name, type=type_) for name, type_ in found.items())
)
keys = st.sampled_from([(), ("x",), ("x", "y")])
formats = st.sampled_from([one for one in FileFormat if one not in UNREADABLE])
delimiters = st.sampled_from([COMMAS, Delimited(delimiter="\t"), Delimited(delimiter="\t", header=True)])
histories = st.lists(st.builds(Shape, formats, schemas, keys, delimiters), max_size=12)


def place(history: list[Shape]) -> list[Known]:
    placed: list[Known] = []
    for shape in history:
        placed.append(Known(generation_for(shape, placed), shape))
    return placed


def known(*places: tuple[int, FileFormat, tuple[Column, ...]]) -> list[Known]:
    return [Known(generation, Shape(file_format, columns)) for generation, file_format, columns in places]


def generation(
    columns: tuple[Column, ...], file_format: FileFormat, *places: tuple[int, FileFormat, tuple[Column, ...]]
) -> int:
    return generation_for(Shape(file_format, columns), known(*places))


def hive(placed: Known) -> dict[str, str]:
    return {found.name: hive_type(found.type, placed.shape.format) for found in placed.shape.columns}


def test_the_first_snapshot_is_of_the_first_generation() -> None:
    """Whatever it holds."""
    assert generation(NUMBER, PARQUET) == 1


def test_new_and_missing_columns_stay_in_the_generation() -> None:
    """Only types can disagree."""
    assert generation((column("B", "string"),), PARQUET, (1, PARQUET, NUMBER)) == 1


def test_a_changed_type_begins_a_generation() -> None:
    """Its number is above every other, also where those between are gone."""
    assert generation(TEXT, PARQUET, (1, PARQUET, NUMBER)) == 2
    assert generation(TEXT, PARQUET, (3, PARQUET, NUMBER)) == 4


def test_types_that_hive_knows_by_one_name_agree() -> None:
    """Text of JSON is text; so are decimals where files are JSON lines."""
    assert generation((column("A", "json"),), PARQUET, (1, PARQUET, TEXT)) == 1
    decimals = (column("A", "decimal(38,18)"),)
    assert generation(decimals, JSON, (1, JSON, TEXT)) == 1
    assert generation(decimals, JSON, (1, PARQUET, decimals)) == 2


def test_snapshots_of_another_format_begin_a_generation() -> None:
    """A table is described by one format."""
    assert generation(TEXT, JSON, (1, PARQUET, TEXT)) == 2
    assert generation(TEXT, PARQUET, (1, PARQUET, TEXT), (2, JSON, TEXT)) == 1


def test_lines_that_are_made_up_otherwise_begin_a_generation() -> None:
    """A table has one delimiter, and skips a header in all of its files or in none."""
    semicolons = Delimited(delimiter=";")

    def shape(delimited: Delimited) -> Shape:
        return Shape(CSV, TEXT, delimited=delimited)

    there = [Known(1, shape(COMMAS)), Known(2, shape(semicolons))]
    assert generation_for(shape(semicolons), there) == 2
    assert generation_for(shape(COMMAS), there) == 1
    assert generation_for(shape(semicolons.model_copy(update={"header": True})), there) == 3


def test_csv_columns_at_other_places_begin_a_generation() -> None:
    """Columns may only be added at the end, because a file holds them by position."""
    ab, a, ba = (tuple(column(name, "string") for name in names) for names in ("AB", "A", "BA"))
    assert generation(ab, CSV, (1, CSV, a)) == 1
    assert generation(a, CSV, (1, CSV, ab)) == 1
    assert generation(ba, CSV, (1, CSV, ab)) == 2
    assert generation(ba, PARQUET, (1, PARQUET, ab)) == 1


@given(st.lists(st.tuples(st.lists(st.sampled_from("abcd"), unique=True, min_size=1), st.booleans())))
def test_a_csv_table_has_the_columns_of_its_snapshots_at_their_places(
    history: list[tuple[list[str], bool]],
) -> None:
    """Whatever the snapshots' columns, and although the catalog keeps what snapshots that are gone left."""
    tables: dict[int, dict[str, str]] = {}
    there: list[Known] = []
    for names, stays in history:
        columns = tuple(column(name, "bigint") for name in names)
        place = generation_for(Shape(CSV, columns), there)
        written = manifest(file_format=CSV, columns=columns)
        tables[place] = dict(merged_columns(tables.get(place, {}), written))
        assert list(tables[place])[: len(names)] == names
        if stays:
            there.append(Known(place, Shape(CSV, columns)))
        for placed, shape in there:
            assert list(tables[placed])[: len(shape.columns)] == [one.name for one in shape.columns]


def test_the_newest_generation_that_agrees_is_taken() -> None:
    """Where several do."""
    there = ((1, PARQUET, NUMBER), (2, PARQUET, TEXT), (3, PARQUET, (column("B", "string"),)))
    assert generation((column("C", "string"),), PARQUET, *there) == 3
    assert generation((*TEXT, column("B", "bigint")), PARQUET, *there) == 2


def test_snapshots_with_other_partition_columns_begin_a_generation() -> None:
    """In number, in name and in order: a table has one list of keys."""

    def shape(*names: str) -> Shape:
        return Shape(PARQUET, TEXT, names)

    assert generation_for(shape("x"), [Known(1, shape())]) == 2
    assert generation_for(shape("x", "y"), [Known(1, shape("x"))]) == 2
    assert generation_for(shape("y", "x"), [Known(1, shape("x", "y"))]) == 2
    assert generation_for(shape("x"), [Known(1, shape("x")), Known(2, shape("y"))]) == 1


@given(histories)
def test_all_snapshots_of_a_generation_agree_pairwise(history: list[Shape]) -> None:
    """So any of them can be read with the table of any other."""
    for a, b in combinations(place(history), 2):
        if a.generation == b.generation:
            assert a.shape.partition_names == b.shape.partition_names
            assert a.shape.delimited == b.shape.delimited
            assert all(hive(a)[name] == hive(b)[name] for name in hive(a).keys() & hive(b).keys())


@given(histories)
def test_generations_are_counted_without_gaps(history: list[Shape]) -> None:
    """As long as no snapshot was removed."""
    generations = {placed.generation for placed in place(history)}
    assert generations == set(range(1, len(generations) + 1))
