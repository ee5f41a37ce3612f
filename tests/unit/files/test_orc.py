"""What the end of an ORC file says is found without Arrow, and stripes are read one at a time."""

import io
import zlib
from contextlib import suppress
from hashlib import sha512

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyarrow import orc as arrow_orc

from lakeshot.columns.schema import arrow_schema
from lakeshot.columns.types import STRING, Column
from lakeshot.files import Compression, FileFormat, compressions, orc
from lakeshot.files.orc import OrcEncoder, orc_tables
from lakeshot.files.orc_footer import orc_footer, orc_rows
from tests.unit.files.every_type import InMemory, column

COLUMNS = (column("a", STRING),)
READABLE_ERRORS = (OSError, EOFError, zlib.error, pa.ArrowException)
"""What reading back takes for damage."""


def texts(rows: int) -> pa.Table:
    return pa.table({"a": [sha512(str(row).encode()).hexdigest() for row in range(rows)]})


def file(compression: Compression, tables: list[pa.Table], columns: tuple[Column, ...] = COLUMNS) -> bytes:
    sink = InMemory()
    encoder = OrcEncoder(sink, columns, compression)
    for table in tables:
        encoder.write(table)
    encoder.close()
    return sink.getvalue()


class Watched(InMemory):
    """A stream that knows the most it was asked for at once."""

    most = 0

    def read(self, size: int | None = -1) -> bytes:
        data = super().read(size)
        self.most = max(self.most, len(data))
        return data


@pytest.mark.parametrize("compression", compressions(FileFormat.ORC))
def test_the_footer_says_what_arrow_says(compression: Compression, monkeypatch: pytest.MonkeyPatch) -> None:
    """Rows and stripes, also where there are many."""
    monkeypatch.setattr(orc, "STRIPE_BYTES", 256 * 1024)
    body = file(compression, [texts(5_000)] * 8)
    arrow = arrow_orc.ORCFile(io.BytesIO(body))
    footer = orc_footer(InMemory(body))
    assert (
        (footer.rows, len(footer.stripes)) == (arrow.nrows, arrow.nstripes) == (40_000, len(footer.stripes))
    )
    assert [stripe.rows for stripe in footer.stripes] == [
        arrow.read_stripe(number).num_rows for number in range(arrow.nstripes)
    ]


def test_a_reader_holds_one_stripe(monkeypatch: pytest.MonkeyPatch) -> None:
    """However large the file is."""
    monkeypatch.setattr(orc, "STRIPE_BYTES", 256 * 1024)
    table = texts(5_000)
    stream = Watched(file(Compression.NONE, [table] * 8))
    tables = list(orc_tables(stream, COLUMNS, Compression.NONE))
    assert pa.concat_tables(tables).to_pylist() == table.to_pylist() * 8
    assert len(tables) > 2
    assert stream.most < stream.size / 2


def test_a_footer_of_many_columns_is_read_whole() -> None:
    """1,600 columns make a footer larger than the first guess of its size."""
    columns = tuple(column(f"column_number_{number}", STRING) for number in range(1_600))
    rows = pa.Table.from_arrays([pa.array(["x"])] * 1_600, schema=arrow_schema(columns))
    body = file(Compression.NONE, [rows], columns)
    assert orc_rows(InMemory(body), Compression.NONE) == 1
    (table,) = orc_tables(InMemory(body), columns, Compression.NONE)
    assert table.to_pylist() == rows.to_pylist()


@pytest.mark.parametrize("compression", compressions(FileFormat.ORC))
@given(st.data())
def test_a_damaged_end_is_an_error_or_the_truth(compression: Compression, data: st.DataObject) -> None:
    """Whatever byte of a file's end is another one, no other errors come of it than those of damage."""
    body = bytearray(file(compression, [texts(10)]))
    position = data.draw(st.integers(max(0, len(body) - 200), len(body) - 1))
    body[position] = data.draw(st.integers(0, 255))
    with suppress(*READABLE_ERRORS):
        assert orc_rows(InMemory(bytes(body)), compression) >= 0
