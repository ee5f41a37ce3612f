"""The frame of an Avro file: its header, then blocks of rows, each with their number and a mark at its end.

Rows can be counted without decoding or decompressing any (Avro specification 1.11, "Object Container
Files").
"""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from hashlib import sha256

from lakeshot.files import Compression, varint
from lakeshot.files.encoder import Stream

CODECS = {
    Compression.SNAPPY: "snappy",
    Compression.ZSTD: "zstandard",
    Compression.GZIP: "deflate",
    Compression.NONE: "null",
}
"""What Avro calls each compression."""
_MAGIC = b"Obj\x01"
_MARK_BYTES = 16


@dataclass(frozen=True, slots=True)
class Block:
    """Some rows, as they lie in the file."""

    rows: int
    data: bytes


def header(schema: str, compression: Compression) -> tuple[bytes, bytes]:
    """What a file begins with, and the mark that ends it and every block.

    The mark follows from the schema, so that the same rows make the same file.
    """
    mark = sha256(schema.encode()).digest()[:_MARK_BYTES]
    metadata = {"avro.codec": CODECS[compression].encode(), "avro.schema": schema.encode()}
    entries = b"".join(
        piece for key, value in metadata.items() for piece in (_sized(key.encode()), _sized(value))
    )
    return _MAGIC + long(len(metadata)) + entries + long(0) + mark, mark


def framed(block: Block, mark: bytes) -> bytes:
    """A block as it is written."""
    return long(block.rows) + _sized(block.data) + mark


def avro_rows(stream: Stream, _compression: Compression) -> int:
    """How many rows the blocks of a file have together; OSError or EOFError if a block is damaged."""
    return sum(block.rows for block in avro_blocks(stream))


def avro_blocks(stream: Stream) -> Iterator[Block]:
    """Every block of a file, one in memory at a time. OSError or EOFError if one is damaged."""
    mark = _read_header(stream)
    while first := stream.read(1):
        rows, size = _read_long(stream, first), _read_long(stream)
        if rows < 0 or not 0 <= size <= stream.size:
            raise OSError(f"a block says of itself that it has {rows} rows in {size} bytes")
        block = Block(rows, _exactly(stream, size))
        if _exactly(stream, _MARK_BYTES) != mark:
            raise OSError("a block does not end with the mark that the file's header names")
        yield block


def _read_header(stream: Stream) -> bytes:
    if stream.read(len(_MAGIC)) != _MAGIC:
        raise OSError("the file does not begin as an Avro file does")
    while pairs := _read_long(stream):
        if pairs < 0:
            raise OSError("the header is none that is written here")
        for _ in range(2 * pairs):
            size = _read_long(stream)
            if not 0 <= size <= stream.size:
                raise OSError("the header is damaged")
            _exactly(stream, size)
    return _exactly(stream, _MARK_BYTES)


def long(number: int) -> bytes:
    """A number as Avro writes it: negative ones in turn with the others, so that small ones are short."""
    return varint.encoded((number << 1) ^ (number >> 63))


def _sized(data: bytes) -> bytes:
    return long(len(data)) + data


def _read_long(stream: Stream, begun: bytes = b"") -> int:
    data = begun or _exactly(stream, 1)
    while data[-1] & varint.MORE and len(data) < varint.LONGEST_BYTES:
        data += _exactly(stream, 1)
    value, _ = varint.decoded(data)
    return (value >> 1) ^ -(value & 1)


def _exactly(stream: Stream, size: int) -> bytes:
    data = stream.read(size)
    if len(data) < size:
        raise EOFError("the file ends within a block")
    return data


def record_schema(fields: Mapping[str, str]) -> str:
    """The Avro schema of rows, given each column's name and Hive type; any value may be null.

    Columns that a file lacks are null to a reader by it.
    """
    record = {
        "type": "record",
        "name": "row",
        "namespace": "lakeshot",
        "fields": [
            {"name": name, "type": ["null", _avro_type(hive)], "default": None}
            for name, hive in fields.items()
        ],
    }
    return json.dumps(record, separators=(",", ":"))


_TYPES: Mapping[str, str | dict[str, object]] = {
    "bigint": "long",
    "double": "double",
    "float": "float",
    "boolean": "boolean",
    "binary": "bytes",
    "string": "string",
    "date": {"type": "int", "logicalType": "date"},
}
_DECIMAL = re.compile(r"decimal\(([0-9]+),([0-9]+)\)")


def _avro_type(hive: str) -> str | dict[str, object]:
    if hive.startswith("array<"):
        return {"type": "array", "items": _avro_type(hive.removeprefix("array<").removesuffix(">"))}
    if digits := _DECIMAL.fullmatch(hive):
        precision, scale = map(int, digits.groups())
        return {"type": "bytes", "logicalType": "decimal", "precision": precision, "scale": scale}
    return _TYPES.get(hive, "string")
