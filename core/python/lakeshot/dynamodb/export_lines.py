r"""Decodes lines of DynamoDB's own export, ``{"Item":{…}}`` each, without a Python loop per item.

Many lines are made one list by one pass over the text: ``{…}\n{…}\n`` becomes ``[{…},{…},]``. JSON has no
line end inside a string, and in that list an item stands as deep as in the answer to a Scan.
"""

import json
from dataclasses import dataclass

import numpy as np

from lakeshot.dynamodb.brackets import Brackets, find_brackets
from lakeshot.dynamodb.items import ITEM_DEPTH, NO_ITEM, Items, read_items
from lakeshot.dynamodb.spans import Bytes, Positions

_LINE_END = b"\n"
_LINE_DEPTH = ITEM_DEPTH - 1
_COMMA, _BRACE = b",{"
_OPENING = np.frombuffer(b'{"Item":{', np.uint8)


@dataclass(frozen=True, slots=True, eq=False)
class ListedLines:
    """Lines as one list without white space; ``opens`` are the numbers of the lines' own opening brackets."""

    characters: Bytes
    brackets: Brackets
    opens: Positions


def read_lines(lines: bytes) -> Items:
    """The items of whole lines, one a line, in their order; ``ValueError`` for what is no such line."""
    listed = list_lines(lines)
    return read_items(listed.characters, listed.brackets, _items(listed))


def list_lines(lines: bytes) -> ListedLines:
    """Whole lines that are an object each, whatever that holds; ``ValueError`` for what is no such line."""
    line_count = int(np.count_nonzero(np.frombuffer(lines, np.uint8) == ord(_LINE_END)))
    text, brackets = find_brackets(b"".join((b"[", lines.replace(_LINE_END, b","), b"]")))
    characters = np.frombuffer(text, np.uint8)
    positions, partners = brackets.positions, brackets.partners
    opens = np.flatnonzero(brackets.opens & (brackets.depths == _LINE_DEPTH))
    # A line end within a string, where JSON has none, makes lines that are no brackets of their own.
    if len(opens) != line_count or partners[0] != len(positions) - 1:
        raise ValueError("its lines are no JSON objects")
    starts, ends = positions[opens], positions[partners[opens]]
    if not (
        (starts == np.append(positions[0], ends[:-1] + 1) + 1).all()
        and (characters[starts] == _BRACE).all()
        and (characters[ends + 1] == _COMMA).all()
        and positions[-1] == positions[-2] + 1 + (line_count > 0)
    ):
        raise ValueError("its lines are no JSON objects")
    return ListedLines(characters, brackets, opens)


def is_item(line: bytes) -> bool:
    """Whether one line is an object with nothing but an item; ``ValueError`` if it is not even JSON."""
    parsed = parsed_line(line)
    return isinstance(parsed, dict) and list(parsed) == ["Item"] and isinstance(parsed["Item"], dict)


def parsed_line(line: bytes) -> object:
    """What one line holds; ``ValueError`` that says no word of that if it is not JSON."""
    try:
        parsed: object = json.loads(line)
    except ValueError as error:
        raise ValueError("it is not JSON") from error
    return parsed


def _items(listed: ListedLines) -> Positions:
    """The numbers of the items' opening brackets; ``ValueError`` if there is anything else in a line."""
    characters, brackets, lines = listed.characters, listed.brackets, listed.opens
    positions, partners, items = brackets.positions, brackets.partners, lines + 1
    starts, ends = positions[lines], positions[partners[lines]]
    if not (
        (positions[items] == starts + len(_OPENING) - 1).all()
        and (characters[starts[:, None] + np.arange(len(_OPENING))] == _OPENING).all()
        and (positions[partners[items]] == ends - 1).all()
    ):
        raise ValueError(NO_ITEM)
    return items
