"""File formats: which exist, how each may be compressed, and how a file's name ends.

Kept free of Arrow, so that config and stacks can name a format without loading it.
"""

from enum import StrEnum


class FileFormat(StrEnum):
    """How rows are laid out in a data file."""

    PARQUET = "parquet"
    JSON = "json"


class Compression(StrEnum):
    """How a data file's bytes are compressed."""

    SNAPPY = "snappy"
    ZSTD = "zstd"
    GZIP = "gzip"
    NONE = "none"


_COMPRESSIONS = {
    FileFormat.PARQUET: (Compression.SNAPPY, Compression.ZSTD, Compression.GZIP, Compression.NONE),
    FileFormat.JSON: (Compression.GZIP, Compression.NONE),
}


def compressions(file_format: FileFormat) -> tuple[Compression, ...]:
    """The compressions a format allows; the first is its default."""
    return _COMPRESSIONS[file_format]


def suffix(file_format: FileFormat, compression: Compression) -> str:
    """How a file's name ends. Readers of JSON lines tell gzip by it; Parquet says so inside."""
    if file_format is FileFormat.JSON and compression is Compression.GZIP:
        return "json.gz"
    return file_format.value
