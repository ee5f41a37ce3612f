"""A file's schema travels in few bytes, and says which attributes have values."""

import pickle

from hypothesis import given
from hypothesis import strategies as st

from lakeshot.columns.types import STRING, Column
from lakeshot.files.part_file import PartFile, filled_attributes
from lakeshot.files.upload import UncommittedFile, UploadedPart

UPLOADED = UncommittedFile(
    key="snapshots_reviews/snapshot_timestamp=20261121T120000Z/part-00000-0000-4e65d3fb.parquet",
    upload_id="u" * 128,
    parts=(UploadedPart(number=1, etag="e" * 34, crc32="c" * 8),),
    rows=1,
    bytes=1,
    sha256="a" * 64,
    crc32="c" * 8,
)


def file_of(attributes: list[str], filled: list[str]) -> PartFile:
    columns = [Column(name=str(n), source=source, type=STRING) for n, source in enumerate(attributes)]
    return PartFile.of(UPLOADED, columns, filled)


@st.composite
def schemas(draw: st.DrawFn) -> tuple[list[str], list[str]]:
    """Attributes of a file, and those of them that have values."""
    attributes = draw(st.lists(st.text(max_size=2), unique=True, max_size=20))
    return attributes, [attribute for attribute in attributes if draw(st.booleans())]


@given(st.lists(schemas()))
def test_files_have_values_where_each_of_them_has(
    given: list[tuple[list[str], list[str]]],
) -> None:
    """Whatever the files' columns are, and after they were sent from one process to another."""
    files = [pickle.loads(pickle.dumps(file_of(*schema))) for schema in given]  # noqa: S301
    assert [[column.source for column in file.columns] for file in files] == [names for names, _ in given]
    assert filled_attributes(files) == {attribute for _, filled in given for attribute in filled}


def test_a_file_of_1600_columns_is_a_few_kilobytes() -> None:
    """10,000 of them fit a driver's memory many times."""
    attributes = [f"Attribute{number}" for number in range(1_600)]
    assert len(pickle.dumps(file_of(attributes, attributes[::2]))) < 12_000


def test_a_file_is_the_same_after_json() -> None:
    """Bytes that are no text survive too."""
    file = file_of([str(number) for number in range(16)], [str(number) for number in range(8, 16)])
    assert PartFile.model_validate_json(file.model_dump_json()) == file
