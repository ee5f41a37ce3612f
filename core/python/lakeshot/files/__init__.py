"""File formats: which exist, how each may be compressed, and how a file's name ends.

Kept free of Arrow, so that config and stacks can name a format without loading it.
"""

from enum import StrEnum


class FileFormat(StrEnum):
    """How rows are laid out in a data file."""

    PARQUET = "parquet"
    ORC = "orc"
    AVRO = "avro"
    JSON = "json"
    CSV = "csv"
    TEXT = "text"
    """As CSV, with a tab between fields unless another character is chosen; a database writes it itself."""
    BINARY = "binary"
    """PostgreSQL's own, which nothing else reads; a database writes it itself."""

    @property
    def is_readable(self) -> bool:
        """Whether query engines read it, so that there are tables and a view of such files."""
        return self not in UNREADABLE


class Compression(StrEnum):
    """How a data file's bytes are compressed."""

    SNAPPY = "snappy"
    ZSTD = "zstd"
    GZIP = "gzip"
    """The DEFLATE algorithm, as each format wraps it: ORC calls it ZLIB, Avro calls it deflate."""
    NONE = "none"


_BLOCKS = (Compression.SNAPPY, Compression.ZSTD, Compression.GZIP, Compression.NONE)
_TEXT = (Compression.GZIP, Compression.ZSTD, Compression.NONE)
_COMPRESSIONS = {
    FileFormat.PARQUET: _BLOCKS,
    FileFormat.ORC: _BLOCKS,
    FileFormat.AVRO: _BLOCKS,
    FileFormat.JSON: _TEXT,
    FileFormat.CSV: _TEXT,
    FileFormat.TEXT: (Compression.NONE,),
    FileFormat.BINARY: (Compression.NONE,),
}
"""What Athena reads (user guide, "Use Hive table compression") and this library writes."""
_TEXT_ENDINGS = {Compression.GZIP: ".gz", Compression.ZSTD: ".zst"}
DELIMITED = frozenset({FileFormat.CSV, FileFormat.TEXT})
"""Formats of one line per row, whose fields a delimiter keeps apart."""
TEXT_FORMATS = frozenset({FileFormat.JSON, *DELIMITED})
"""Formats of one line per row, compressed as a whole."""
LANDED = frozenset({FileFormat.CSV, FileFormat.TEXT, FileFormat.BINARY})
"""Formats that a database can write itself, uncompressed; all but CSV nobody else does."""
UNREADABLE = frozenset({FileFormat.BINARY})
"""Formats that no query engine reads."""
NAMES_COLUMNS = frozenset({FileFormat.PARQUET, FileFormat.ORC, FileFormat.AVRO})
"""Formats whose files have columns with names and types of their own."""
BY_POSITION = DELIMITED
"""Formats whose files hold nothing but values, so that a column is its place in the line."""


def compressions(file_format: FileFormat) -> tuple[Compression, ...]:
    """The compressions a format allows; the first is its default."""
    return _COMPRESSIONS[file_format]


def suffix(file_format: FileFormat, compression: Compression) -> str:
    """How a file's name ends. Readers of text tell its compression by it; the others say so inside."""
    ending = _TEXT_ENDINGS.get(compression, "") if file_format in TEXT_FORMATS else ""
    return f"{file_format.value}{ending}"
