"""What ``now()`` and its like mean in SQL that people configure: the instant of the snapshot.

Readers have a transaction each, so PostgreSQL's own ``now()`` would be another instant in every part. What
cannot be replaced is refused.
"""

import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime

from lakeshot.errors import SourceError

_TOKENS = re.compile(
    r"""
    (?P<text> \b[eE]'(?:[^'\\]|\\.|'')*' | '(?:[^']|'')*'
        | (?<![\w$])\$(?P<tag>[^\W\d]\w*|)\$.*?\$(?P=tag)\$ )
    | (?P<kept> "(?:[^"]|"")*" | --[^\n]* | /\* )
    | (?<![\w.$]) (?:pg_catalog\s*\.\s*)? (?:
        (?P<function> (?:now|transaction_timestamp|statement_timestamp|clock_timestamp)\s*\(\s*\) )
        | (?P<word> current_timestamp|localtimestamp|current_time|localtime|current_date )\b
          (?:\s*\(\s*(?P<digits>\d+)\s*\))?
        | (?P<refused> timeofday|age )\s*(?=\() )
    """,
    re.VERBOSE | re.IGNORECASE | re.DOTALL,
)
_COMMENT_EDGES = re.compile(r"/\*|\*/")
_ARGUMENTS = re.compile(r"""'(?:[^']|'')*' | "(?:[^"]|"")*" | [(),\[\]]""", re.VERBOSE)
_SPECIAL = re.compile(r"\b(now|today|tomorrow|yesterday)\b", re.IGNORECASE)
_CLOCK = re.compile(r"[\d:.+\-\s]|\b(?:am|pm|allballs|utc|gmt|z)\b", re.IGNORECASE)
_IS_KEY = re.compile(r"->>?\s*\Z")
"""Of JSON."""
_AS_TEXT = re.compile(r"\s*::\s*(?:pg_catalog\s*\.\s*)?(?:text|varchar|bpchar|name)\b", re.IGNORECASE)
_SPELLINGS: dict[str, Callable[[datetime, str], str]] = {
    "current_timestamp": lambda at, digits: f"TIMESTAMPTZ{digits} '{_local(at)}+00'",
    "localtimestamp": lambda at, digits: f"TIMESTAMP{digits} '{_local(at)}'",
    "current_time": lambda at, digits: f"CAST('{_local(at)[11:]}+00' AS TIME{digits} WITH TIME ZONE)",
    "localtime": lambda at, digits: f"TIME{digits} '{_local(at)[11:]}'",
    "current_date": lambda at, _: f"DATE '{_local(at)[:10]}'",
}
_INSTEAD = {
    "timeofday": "timeofday() is not the snapshot's instant; write now()::text",
    "age": "age() of one argument counts from today, which may be another day in each reader; write "
    "age(current_date, …)",
}


def at_moment(sql: str, moment: datetime) -> str:
    """The SQL with what tells the current time replaced by the moment, in UTC as sessions are.

    SourceError for other spellings of the current time, with what to write instead.
    """
    return "".join(_replaced(sql, moment.astimezone(UTC)))


def _replaced(sql: str, moment: datetime) -> Iterator[str]:
    end = 0
    while (match := _TOKENS.search(sql, end)) is not None:
        yield sql[end : match.start()]
        start, end = match.span()
        if match["function"]:
            yield _SPELLINGS["current_timestamp"](moment, "")
        elif match["word"]:
            yield _SPELLINGS[match["word"].lower()](moment, f"({match['digits']})" if match["digits"] else "")
        else:
            if match["kept"] == "/*":
                end = _end_of_comment(sql, end)
            elif match["text"] and not _IS_KEY.search(sql, 0, start):
                _check_text(match["text"], sql[end:])
            elif match["refused"]:
                _check_call(match["refused"].lower(), sql[end:])
            yield sql[start:end]
    yield sql[end:]


def _end_of_comment(sql: str, end: int) -> int:
    """Comments may hold comments."""
    depth = 1
    for edge in _COMMENT_EDGES.finditer(sql, end):
        depth += 1 if edge[0] == "/*" else -1
        if depth == 0:
            return edge.end()
    return len(sql)


def _check_text(text: str, after: str) -> None:
    """Refuse what PostgreSQL reads as the current time where a text becomes a time."""
    inner = text.split("$", 2)[-1].rsplit("$", 2)[0] if text.startswith("$") else text.strip("eE'")
    word = _SPECIAL.search(inner)
    if word is not None and not _CLOCK.sub("", _SPECIAL.sub("", inner)) and not _AS_TEXT.match(after):
        raise SourceError(
            f"{text} may mean another time in each reader; write now(), current_date, current_date + 1 "
            f"or current_date - 1, of the snapshot's instant. If a text is meant, write '{word[0]}'::text"
        )


def _check_call(name: str, after: str) -> None:
    if name == "age" and _arguments(after) > 1:
        return
    raise SourceError(f"{_INSTEAD[name]}, which means the snapshot's instant")


def _arguments(call: str) -> int:
    """How many arguments stand in the parentheses that the text begins with."""
    depth, count = 0, 1
    for token in _ARGUMENTS.finditer(call):
        if token[0] in "([":
            depth += 1
        elif token[0] in ")]":
            depth -= 1
            if depth == 0:
                break
        elif token[0] == "," and depth == 1:
            count += 1
    return count


def _local(moment: datetime) -> str:
    return moment.replace(tzinfo=None).isoformat(" ", "microseconds")
