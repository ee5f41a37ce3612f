"""Values out of their JSON: texts, lists of texts and truth values, of all items in one go."""

import json

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from lakeshot.dynamodb.spans import Bytes, Positions

_BACKSLASH, _QUOTE = b'\\"'


def unescaped(texts: pa.StringArray) -> pa.StringArray:
    """What JSON strings, given without their quotes, stand for; ``ValueError`` if they are none."""
    characters, ends = characters_of(texts)
    odd = np.flatnonzero((characters == _BACKSLASH) | (characters == _QUOTE))
    if not len(odd):
        return texts
    is_escaped = np.zeros(len(texts), np.bool_)
    is_escaped[np.searchsorted(ends, odd, side="right")] = True
    escaped = texts.take(pa.array(np.flatnonzero(is_escaped)))
    parsed = _parsed('["' + _joined(escaped, '","') + '"]', pa.string(), len(escaped))
    return pc.replace_with_mask(texts, pa.array(is_escaped), parsed)


def characters_of(texts: pa.StringArray) -> tuple[Bytes, Positions]:
    """The characters of all the texts, and where each text ends in them."""
    _, offsets, data = texts.buffers()
    bounds = np.frombuffer(offsets, np.int32)[texts.offset : texts.offset + len(texts) + 1]
    characters = np.frombuffer(data or b"", np.uint8)[bounds[0] : bounds[-1]]
    return characters, (bounds[1:] - bounds[0]).astype(np.intp)


def text_lists(texts: pa.StringArray) -> pa.ListArray:
    """The lists of strings of which these are the JSON; ``ValueError`` if they are none."""
    return _parsed("[" + _joined(texts, ",") + "]", pa.list_(pa.string()), len(texts))


def booleans(texts: pa.StringArray) -> pa.BooleanArray:
    """The truth values of which these are the JSON; ``ValueError`` if they are none."""
    is_true = pc.equal(texts, "true")
    if not pc.all(pc.or_(is_true, pc.equal(texts, "false"))).as_py():
        raise ValueError("a truth value is neither true nor false")
    return is_true


def _joined(texts: pa.StringArray, separator: str) -> str:
    whole = pa.ListArray.from_arrays(pa.array([0, len(texts)], pa.int32()), texts)
    joined: str = pc.binary_join(whole, separator)[0].as_py()
    return joined


def _parsed(document: str, value_type: pa.DataType, count: int) -> pa.Array:
    """The values of a JSON document that lists them all, so that the parser is called once."""
    try:
        values = pa.array(json.loads(document), value_type)
    except TypeError as error:
        raise ValueError("not the JSON of texts") from error
    if len(values) != count or values.null_count:
        raise ValueError("not the JSON of as many values as were expected")
    return values
