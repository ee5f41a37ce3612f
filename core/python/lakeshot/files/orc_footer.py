"""What the end of an ORC file says of the rest: rows, and where each stripe lies.

Read without Arrow's ORC reader, which the public Lambda layer lacks. The end of a file is its metadata,
footer and postscript, protocol buffers of which the first two are compressed as the data are, in chunks
with a header of three bytes (ORC specification v1, sections "File Tail" and "Compression").
"""

from dataclasses import dataclass

from lakeshot.files import Compression, varint
from lakeshot.files.codecs import plain
from lakeshot.files.encoder import Stream

_LIKELY_TAIL_BYTES = 64 * 1024
_MAGIC = b"ORC"
_CODECS = {0: Compression.NONE, 1: Compression.GZIP, 2: Compression.SNAPPY, 5: Compression.ZSTD}
"""``CompressionKind`` of the specification."""
_VARINT, _FIXED_64, _BYTES, _FIXED_32 = 0, 1, 2, 5
"""Wire types of protocol buffers."""


@dataclass(frozen=True, slots=True)
class Stripe:
    """Rows that are decoded together; ``start`` and ``end`` are its first byte and the one after its last."""

    start: int
    end: int
    rows: int


@dataclass(frozen=True, slots=True)
class OrcFooter:
    """``tail`` are the file's last bytes, at least all that a reader looks at beside the stripes."""

    rows: int
    stripes: tuple[Stripe, ...]
    tail: bytes


def orc_rows(stream: Stream, _compression: Compression) -> int:
    """How many rows an ORC file's footer counts, which those of its stripes have to agree with.

    OSError, EOFError, zlib.error or Arrow's errors if the end of the file is damaged.
    """
    footer = orc_footer(stream)
    if footer.rows != sum(stripe.rows for stripe in footer.stripes):
        raise OSError(f"the footer counts {footer.rows} rows, but the stripes other ones")
    return footer.rows


def orc_footer(stream: Stream) -> OrcFooter:
    """The footer of an ORC file. Raises as ``orc_rows`` does."""
    tail = stream.tail(min(stream.size, _LIKELY_TAIL_BYTES))
    if len(tail) < len(_MAGIC) + 1 or tail[-1] >= len(tail):
        raise OSError("the file is shorter than an ORC file's end")
    script = _fields(tail[-1 - tail[-1] : -1])
    if script.get(8000) != [_MAGIC]:
        raise OSError("the file does not end as an ORC file does")
    footer_bytes, metadata_bytes = _number(script, 1), _number(script, 5)
    kind = _number(script, 2)
    if kind not in _CODECS:
        raise OSError(f"the file is compressed in a way that is not written here: {kind}")
    script_bytes = tail[-1] + 1
    needed = footer_bytes + metadata_bytes + script_bytes
    if needed > stream.size:
        raise OSError("the footer would be longer than the file")
    if needed > len(tail):
        tail = stream.tail(needed)
    fields = _fields(_unchunked(tail[-script_bytes - footer_bytes : -script_bytes], _CODECS[kind]))
    stripes = tuple(_stripe(stripe) for stripe in fields.get(3, []))
    return OrcFooter(rows=_number(fields, 6), stripes=stripes, tail=tail)


def _stripe(message: int | bytes) -> Stripe:
    if not isinstance(message, bytes):
        raise OSError("a stripe of the file's end is no message")
    fields = _fields(message)
    start = _number(fields, 1)
    length = sum(_number(fields, field) for field in (2, 3, 4))  # its index, its data, its own footer
    return Stripe(start=start, end=start + length, rows=_number(fields, 5))


def _unchunked(data: bytes, compression: Compression) -> bytes:
    if compression is Compression.NONE:
        return data
    found, position = [], 0
    while position < len(data):
        header = int.from_bytes(data[position : position + 3], "little")
        chunk = data[position + 3 : position + 3 + (header >> 1)]
        if len(chunk) < header >> 1:
            raise EOFError("a chunk of the footer is longer than the footer")
        found.append(chunk if header & 1 else plain(chunk, compression))
        position += 3 + len(chunk)
    return b"".join(found)


def _number(fields: dict[int, list[int | bytes]], field: int) -> int:
    value = fields.get(field, [0])[-1]
    if not isinstance(value, int):
        raise OSError(f"field {field} of the file's end is no number")
    return value


def _fields(message: bytes) -> dict[int, list[int | bytes]]:
    """Every field of a protocol buffer by its number (protobuf.dev, "Encoding")."""
    found: dict[int, list[int | bytes]] = {}
    position = 0
    while position < len(message):
        key, position = varint.decoded(message, position)
        kind = key & 7
        if kind == _VARINT:
            value: int | bytes
            value, position = varint.decoded(message, position)
        elif kind in (_BYTES, _FIXED_64, _FIXED_32):
            length = {_FIXED_64: 8, _FIXED_32: 4}.get(kind, 0)
            if kind == _BYTES:
                length, position = varint.decoded(message, position)
            value = message[position : position + length]
            position += length
        else:
            raise OSError(f"the file's end holds a field of an unknown kind: {kind}")
        found.setdefault(key >> 3, []).append(value)
    if position != len(message):
        raise EOFError("the file's end breaks off within a field")
    return found
