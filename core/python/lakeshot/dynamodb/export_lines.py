r"""Decodes lines of DynamoDB's own export, ``{"Item":{…}}`` each, without a Python loop per item.

Many lines are made one list by one pass over the text: ``{…}\n{…}\n`` becomes ``[{…},{…},]``. JSON has no
line end inside a string, and in that list an item stands as deep as in the answer to a Scan.
"""

import json

import numpy as np

from lakeshot.dynamodb.brackets import Brackets, find_brackets
from lakeshot.dynamodb.items import ITEM_DEPTH, NO_ITEM, Items, read_items
from lakeshot.dynamodb.spans import Bytes, Positions

_LINE_END = b"\n"
_LINE_DEPTH = ITEM_DEPTH - 1
_COMMA = ord(",")
_OPENING = np.frombuffer(b'{"Item":{', np.uint8)


def read_lines(lines: bytes) -> Items:
    """The items of whole lines, one a line, in their order; ``ValueError`` for what is no such line."""
    line_count = int(np.count_nonzero(np.frombuffer(lines, np.uint8) == ord(_LINE_END)))
    text, brackets = find_brackets(b"".join((b"[", lines.replace(_LINE_END, b","), b"]")))
    characters = np.frombuffer(text, np.uint8)
    return read_items(characters, brackets, _items(characters, brackets, line_count))


def is_item(line: bytes) -> bool:
    """Whether one line is an object with nothing but an item; ``ValueError`` if it is not even JSON.

    Says no word of what the line holds.
    """
    try:
        parsed = json.loads(line)
    except ValueError as error:
        raise ValueError("it is not JSON") from error
    return isinstance(parsed, dict) and list(parsed) == ["Item"] and isinstance(parsed["Item"], dict)


def _items(characters: Bytes, brackets: Brackets, line_count: int) -> Positions:
    """The numbers of the items' opening brackets; ``ValueError`` if there is anything else in a line."""
    positions, partners = brackets.positions, brackets.partners
    lines = np.flatnonzero(brackets.opens & (brackets.depths == _LINE_DEPTH))
    # A line end within a string, where JSON has none, makes lines that are no brackets of their own.
    if len(lines) != line_count or partners[0] != len(positions) - 1:
        raise ValueError(NO_ITEM)
    starts, ends, items = positions[lines], positions[partners[lines]], lines + 1
    if not (
        (starts == np.append(positions[0], ends[:-1] + 1) + 1).all()
        and (characters[ends + 1] == _COMMA).all()
        and positions[-1] == positions[-2] + 1 + (line_count > 0)
        and (positions[items] == starts + len(_OPENING) - 1).all()
        and (characters[starts[:, None] + np.arange(len(_OPENING))] == _OPENING).all()
        and (positions[partners[items]] == ends - 1).all()
    ):
        raise ValueError(NO_ITEM)
    return items
