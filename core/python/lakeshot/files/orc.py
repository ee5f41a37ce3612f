"""Typed tables as ORC and back, one stripe in memory at a time."""

from collections.abc import Iterator

import pyarrow as pa
from pyarrow import orc

from lakeshot.columns.schema import arrow_schema
from lakeshot.columns.types import Column
from lakeshot.files import Compression
from lakeshot.files.encoder import Sink, Stream
from lakeshot.files.orc_footer import orc_footer
from lakeshot.files.window import Window

STRIPE_BYTES = 16 * 1024**2
"""A stripe ends once it has so many; Arrow's own choice, 64 MiB, would hold four times the memory."""
_CODECS = {Compression.NONE: "uncompressed", Compression.GZIP: "zlib"}
"""ORC's names where they are not ours."""


class OrcEncoder:
    """Writes each table into the stripe that is open."""

    def __init__(self, sink: Sink, columns: tuple[Column, ...], compression: Compression) -> None:
        self._writer = orc.ORCWriter(
            pa.PythonFile(sink, mode="w"),
            compression=_CODECS.get(compression, compression.value),
            stripe_size=STRIPE_BYTES,
        )
        # Arrow learns the columns, and begins the file, from the first table.
        self._writer.write(arrow_schema(columns).empty_table())

    def write(self, table: pa.Table) -> None:
        """Encode the rows."""
        self._writer.write(table)

    def close(self) -> None:
        """Write the last stripe and the footer."""
        self._writer.close()


def orc_tables(stream: Stream, columns: tuple[Column, ...], _compression: Compression) -> Iterator[pa.Table]:
    """The rows of an ORC file, one stripe at a time; its bytes are read once, in order.

    Raises Arrow's errors where the file cannot be decoded, and ``orc_footer``'s.
    """
    footer, schema = orc_footer(stream), arrow_schema(columns)
    window = Window(stream.size, footer.tail)
    file = orc.ORCFile(pa.PythonFile(window, mode="r"))
    position = 0
    for index, stripe in enumerate(footer.stripes):
        stream.read(stripe.start - position)
        window.part = stripe.start, stream.read(stripe.end - stripe.start)
        position = stripe.end
        batch = file.read_stripe(index, columns=schema.names)
        yield pa.Table.from_batches([batch]).select(schema.names).cast(schema)
