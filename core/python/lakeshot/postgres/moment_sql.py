"""What ``now()`` and its like mean in SQL that people configure: the instant of the snapshot.

Readers have a transaction each, so PostgreSQL's own ``now()`` would be another instant in every part.
"""

import re
from datetime import UTC, datetime

_TOKENS = re.compile(
    r"""
    (?P<kept> '(?:[^']|'')*' | "(?:[^"]|"")*" | --[^\n]* | /\*.*?\*/ | \$(?P<tag>\w*)\$.*?\$(?P=tag)\$ )
    | (?<![\w.$]) (?:pg_catalog\s*\.\s*)?
      (?: (?P<instant> (?:now|transaction_timestamp|statement_timestamp|clock_timestamp)\s*\(\s*\)
            | current_timestamp\b(?!\s*\() )
        | (?P<date> current_date\b )
        | (?P<local> localtimestamp\b(?!\s*\() ) )
    """,
    re.VERBOSE | re.IGNORECASE | re.DOTALL,
)


def at_moment(sql: str, moment: datetime) -> str:
    """The SQL with what tells the current time replaced by the moment, in UTC as sessions are."""
    moment = moment.astimezone(UTC)
    local = moment.replace(tzinfo=None).isoformat(" ", "microseconds")

    def replaced(match: re.Match[str]) -> str:
        if match["instant"]:
            return f"TIMESTAMPTZ '{local}+00'"
        if match["date"]:
            return f"DATE '{moment.date().isoformat()}'"
        return f"TIMESTAMP '{local}'" if match["local"] else match[0]

    return _TOKENS.sub(replaced, sql)
