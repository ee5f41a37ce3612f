"""One block of compressed bytes and back, as ORC and Avro files hold them: DEFLATE, Snappy, Zstandard.

Decompression also works where Arrow knows no Zstandard, as in the public Lambda layer: Python 3.14 does.
"""

import sys
import zlib

import pyarrow as pa

from lakeshot.files import Compression, varint

_RAW_DEFLATE = -zlib.MAX_WBITS


def compressed(data: bytes, compression: Compression) -> bytes:
    """The block of these bytes."""
    match compression:
        case Compression.NONE:
            return data
        case Compression.GZIP:
            deflate = zlib.compressobj(wbits=_RAW_DEFLATE)
            return deflate.compress(data) + deflate.flush()
        case Compression.SNAPPY | Compression.ZSTD:
            block: bytes = pa.compress(data, codec=compression.value, asbytes=True)
            return block


def plain(block: bytes, compression: Compression) -> bytes:
    """The bytes of a block. OSError, EOFError, zlib.error or Arrow's errors if it is damaged."""
    match compression:
        case Compression.NONE:
            return block
        case Compression.GZIP:
            inflate = zlib.decompressobj(wbits=_RAW_DEFLATE)
            data = inflate.decompress(block)
            if not inflate.eof:
                raise EOFError("a compressed block ends before its end mark")
            return data
        case Compression.SNAPPY:
            size, _ = varint.decoded(block)  # format_description.txt of google/snappy, section 1
            snappy: bytes = pa.decompress(block, decompressed_size=size, codec="snappy", asbytes=True)
            return snappy
        case Compression.ZSTD:
            return _plain_zstd(block)


if sys.version_info >= (3, 14):
    from compression.zstd import ZstdError, decompress

    def _plain_zstd(block: bytes) -> bytes:
        try:
            return decompress(block)
        except ZstdError as error:
            raise OSError(str(error)) from error

else:

    def _plain_zstd(block: bytes) -> bytes:
        data: bytes = pa.CompressedInputStream(pa.BufferReader(block), "zstd").read()
        return data
