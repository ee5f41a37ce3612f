"""Rows of binary COPY files are counted by their lengths, and only files that are whole."""

import tracemalloc
from collections.abc import Sequence
from struct import pack

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lakeshot.files import Compression
from lakeshot.files.copy_binary import EMPTY, SIGNATURE, copy_binary_rows
from tests.unit.files.every_type import InMemory

Row = Sequence[bytes | None]
NO_FLAGS, END = 0, pack("!h", -1)
rows_of_files = st.lists(st.lists(st.none() | st.binary(max_size=6), max_size=4), max_size=6)


def row(values: Row) -> bytes:
    fields = (pack("!i", -1) if value is None else pack("!i", len(value)) + value for value in values)
    return pack("!h", len(values)) + b"".join(fields)


def header(*, flags: int = NO_FLAGS, extension: bytes = b"") -> bytes:
    return SIGNATURE + pack("!Ii", flags, len(extension)) + extension


def file(rows: Sequence[Row]) -> bytes:
    return header() + b"".join(map(row, rows)) + END


def counted(body: bytes) -> int:
    return copy_binary_rows(InMemory(body), Compression.NONE)


class Trickling(InMemory):
    """A stream that gives a few bytes at a time, so that every value is cut somewhere."""

    most = 1

    def read(self, size: int | None = -1, /) -> bytes:
        return super().read(self.most if size is None or size < 0 else min(size, self.most))


@given(rows=rows_of_files, most=st.integers(1, 9))
def test_every_row_is_counted_wherever_the_pieces_end(rows: list[list[bytes | None]], most: int) -> None:
    """Nulls, empty values and rows without columns among them; the whole file is read."""
    stream = Trickling(file(rows))
    stream.most = most
    assert copy_binary_rows(stream, Compression.NONE) == len(rows)
    assert stream.tell() == len(stream.getvalue())


@given(rows=rows_of_files, data=st.data())
def test_a_file_that_was_cut_anywhere_has_no_end(rows: list[list[bytes | None]], data: st.DataObject) -> None:
    """Never a smaller count."""
    body = file(rows)
    with pytest.raises(EOFError, match="before its end mark"):
        counted(body[: data.draw(st.integers(0, len(body) - 1))])


def test_a_file_without_rows_is_its_header_and_its_end() -> None:
    """As a table without rows is written."""
    assert file([]) == EMPTY
    assert counted(EMPTY) == 0


@given(st.binary().filter(lambda found: not found.startswith(SIGNATURE)))
def test_something_else_is_no_such_file(body: bytes) -> None:
    """Whatever it is, text among it."""
    with pytest.raises((ValueError, EOFError)):
        counted(body)


def test_text_is_told_from_it_at_once() -> None:
    """By the first bytes, not by lengths that make no sense."""
    with pytest.raises(ValueError, match="does not begin as PostgreSQL's binary COPY does"):
        counted(b"1\tone\n2\ttwo\n")


def test_a_header_extension_is_skipped() -> None:
    """A reader that knows nothing of it is told to do so, though it looks like rows."""
    assert counted(header(extension=END * 9) + row([b"x"]) + END) == 1


@pytest.mark.parametrize(
    ("body", "told"),
    [
        (header(flags=1 << 16) + END, "flags 0x10000 and the extension length 0"),
        (SIGNATURE + pack("!Ii", 0, -1) + END, "flags 0x0 and the extension length -1"),
        (header() + pack("!h", -2), "a row has -2 fields"),
        (header() + pack("!hi", 1, -2) + END, "a field has the length -2"),
        (file([[b"x"]]) + b"\0", "goes on behind its end mark"),
        (file([[b"x"]]) * 2, "goes on behind its end mark"),
    ],
    ids=["a flag", "a negative extension", "fields", "a length", "a byte more", "two files in one"],
)
def test_what_no_server_writes_is_refused(body: bytes, told: str) -> None:
    """A flag that readers have to know, lengths that are none, and bytes behind the end."""
    with pytest.raises(ValueError, match=told):
        counted(body)


def test_flags_that_may_be_passed_over_are() -> None:
    """The lower half of them."""
    assert counted(header(flags=1) + END) == 0


def test_a_compressed_file_is_not_read() -> None:
    """The server compresses none."""
    with pytest.raises(ValueError, match="are not compressed, got gzip"):
        copy_binary_rows(InMemory(EMPTY), Compression.GZIP)


def test_a_large_value_is_not_held() -> None:
    """A value may have a gigabyte, as much as there is memory for everything."""
    body = InMemory(file([[bytes(64 * 1024**2)], [b"x"]]))
    tracemalloc.start()
    try:
        assert copy_binary_rows(body, Compression.NONE) == 2
        assert tracemalloc.get_traced_memory()[1] < 16 * 1024**2
    finally:
        tracemalloc.stop()
