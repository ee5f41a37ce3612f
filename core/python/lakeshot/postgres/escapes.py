"""Values out of the backslash sequences that COPY's text format writes, all of a column at once."""

import numpy as np
import pyarrow as pa

_ESCAPE = b"\\"
_ESCAPED_ESCAPE, _AT_REST = b"\\\\", b"\\\0"
"""A pair becomes one with a NUL, which no text of PostgreSQL has, so that each backslash left begins one."""
_MEANT = np.arange(256, dtype=np.uint8)
_MEANT[list(b"bfnrtv\0")] = list(b"\b\f\n\r\t\v\\")


def undone(texts: pa.StringArray) -> pa.StringArray:
    r"""The texts without escapes, such as a line end for ``\n``. They are no slice of others."""
    validity, offsets, data = texts.buffers()
    sent = bytearray(data or b"")
    if _ESCAPE not in sent:
        return texts
    sent = sent.replace(_ESCAPED_ESCAPE, _AT_REST)
    characters = np.frombuffer(sent, np.uint8)
    starts = np.flatnonzero(characters == ord(_ESCAPE))
    characters[starts + 1] = _MEANT[characters[starts + 1]]
    bounds = np.frombuffer(offsets, np.int32)[: len(texts) + 1]
    values = [
        validity if texts.null_count else None,
        pa.py_buffer((bounds - np.searchsorted(starts, bounds)).astype(np.int32)),
        pa.py_buffer(np.delete(characters, starts)),
    ]
    return pa.Array.from_buffers(pa.string(), len(texts), values)
