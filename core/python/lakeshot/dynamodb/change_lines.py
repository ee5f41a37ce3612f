"""Decodes lines of DynamoDB's incremental exports, without a Python loop per item.

A line is ``{"Metadata":{…},"Keys":{…},"NewImage":{…},"OldImage":{…}}``, its members in any order. An item
that was inserted has no old image, one that was deleted no new one. The members are told by the brackets of
all lines, and what is to be read of them is made lines of a full export, so that one decoder serves both.

Of the time of a change DynamoDB's guide shows a plain text, while its own tools read ``{"N":"…"}``: a number
is taken in any spelling.
"""

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from lakeshot.columns.changes import DELETE, INSERT, UPDATE
from lakeshot.dynamodb.attributes import spread
from lakeshot.dynamodb.changes import Changes
from lakeshot.dynamodb.export_lines import ListedLines, list_lines, parsed_line, read_lines
from lakeshot.dynamodb.items import ITEM_DEPTH
from lakeshot.dynamodb.spans import Positions, cut
from lakeshot.dynamodb.texts import characters_of
from lakeshot.dynamodb.windows import Window

NO_CHANGE = "it is no list of changes, which hold Metadata, Keys, and at most a NewImage and an OldImage"
_MEMBERS = ("Metadata", "Keys", "NewImage", "OldImage")
_METADATA, _KEYS, _NEW, _OLD = range(len(_MEMBERS))
_NAMES = pa.array([f'"{name}":' for name in _MEMBERS])
_OPERATIONS = pa.array([DELETE, INSERT, UPDATE])
_COMMA, _BRACE = b",{"
_WRITTEN = r'[{,]"WriteTimestampMicros":(?:\{"N":"|")?(?P<micros>[0-9]{1,18})["},]'
"""What opens is closed, as the brackets that were found say; DynamoDB may come to tell more beside it."""


def read_changes(lines: bytes, window: Window) -> Changes:
    """The changes of whole lines of the window's export, one a line, in their order.

    ``ValueError`` for what is no such line.
    """
    listed = list_lines(lines)
    members = _members(listed)
    is_left, was_there = members[:, _NEW] > 0, members[:, _OLD] > 0
    items = _texts(listed, np.where(is_left, members[:, _NEW], members[:, _KEYS]))
    return Changes(
        items=read_lines(_lines('{"Item":', items, "}\n")),
        operations=_OPERATIONS.take(pa.array(np.where(is_left, 1 + was_there, 0))),
        written_micros=_micros(_texts(listed, members[:, _METADATA])),
        old_images=_json(_texts(listed, members[was_there, _OLD]), np.flatnonzero(was_there), len(members)),
        window=window,
    )


def is_change(line: bytes) -> bool:
    """Whether one line is an object with a change's members; ``ValueError`` if it is not even JSON."""
    parsed = parsed_line(line)
    return (
        isinstance(parsed, dict)
        and {"Metadata", "Keys"} <= parsed.keys() <= set(_MEMBERS)
        and all(isinstance(member, dict) for member in parsed.values())
    )


def _members(listed: ListedLines) -> Positions:
    """By line and ``_MEMBERS``, the number of the member's opening bracket; 0 if the line has none."""
    characters, brackets, lines = listed.characters, listed.brackets, listed.opens
    positions, closes = brackets.positions, brackets.partners[lines]
    opens = np.flatnonzero(brackets.opens & (brackets.depths == ITEM_DEPTH))
    is_first = brackets.opens[opens - 1]
    names, starts = positions[opens - 1] + 1 + ~is_first, positions[opens]
    if not (
        (positions[closes] == positions[closes - 1] + 1).all()
        and (characters[names[~is_first] - 1] == _COMMA).all()
        and (characters[starts] == _BRACE).all()
    ):
        raise ValueError(NO_CHANGE)
    kinds = pc.index_in(cut(characters, names, starts), value_set=_NAMES)
    if kinds.null_count:
        raise ValueError(NO_CHANGE)
    members = np.zeros((len(lines), len(_MEMBERS)), np.intp)
    # A line without any member would leave the last one's row empty.
    members[is_first.cumsum() - 1, kinds.to_numpy()] = opens
    if np.count_nonzero(members) != len(opens) or not members[:, [_METADATA, _KEYS]].all():
        raise ValueError(NO_CHANGE)
    return members


def _texts(listed: ListedLines, opens: Positions) -> pa.StringArray:
    """The objects whose opening brackets have these numbers."""
    brackets = listed.brackets
    starts, ends = brackets.positions[opens], brackets.positions[brackets.partners[opens]]
    return cut(listed.characters, starts, ends + 1)


def _lines(before: str, objects: pa.StringArray, after: str) -> bytes:
    """The objects one after the other, each between these two."""
    characters, _ = characters_of(pc.binary_join_element_wise(before, objects, after, ""))
    return characters.tobytes()


def _micros(metadata: pa.StringArray) -> pa.Int64Array:
    found = pc.extract_regex(metadata, _WRITTEN)
    if found.null_count:
        raise ValueError("its Metadata has no WriteTimestampMicros that is a whole number")
    return pc.cast(found.field("micros"), pa.int64())


def _json(images: pa.StringArray, rows: Positions, num_rows: int) -> pa.StringArray:
    """The images of these rows as JSON text, each as if it were one map; null in all other rows."""
    texts = read_lines(_lines('{"Item":{"image":{"M":', images, "}}}\n")).texts
    return spread(texts, rows, num_rows)
