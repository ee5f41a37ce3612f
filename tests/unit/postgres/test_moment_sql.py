"""``now()`` in configured SQL is the moment of the snapshot, in every reader."""

from datetime import UTC, datetime

import pytest

from lakeshot.errors import SourceError
from lakeshot.postgres.moment_sql import at_moment

MOMENT = datetime(2026, 11, 22, 16, 5, 7, 89, tzinfo=UTC)
INSTANT = "TIMESTAMPTZ '2026-11-22 16:05:07.000089+00'"


@pytest.mark.parametrize(
    ("sql", "expected"),
    [
        ("at > now() - interval '90 days'", f"at > {INSTANT} - interval '90 days'"),
        ("at > NOW ( )", f"at > {INSTANT}"),
        ("at > pg_catalog.now()::date", f"at > {INSTANT}::date"),
        ("at > CURRENT_TIMESTAMP", f"at > {INSTANT}"),
        ("at > clock_timestamp()", f"at > {INSTANT}"),
        ("day = current_date - 1", "day = DATE '2026-11-22' - 1"),
        ("at > current_timestamp(0)", "at > TIMESTAMPTZ(0) '2026-11-22 16:05:07.000089+00'"),
        ("at > LocalTimestamp ( 3 )", "at > TIMESTAMP(3) '2026-11-22 16:05:07.000089'"),
        ("clock > current_time(0)", "clock > CAST('16:05:07.000089+00' AS TIME(0) WITH TIME ZONE)"),
        ("clock > localtime", "clock > TIME '16:05:07.000089'"),
        (r"a = E'it\'s' AND at < now() AND b = 'y'", rf"a = E'it\'s' AND at < {INSTANT} AND b = 'y'"),
        ("at > localtimestamp", "at > TIMESTAMP '2026-11-22 16:05:07.000089'"),
    ],
)
def test_the_current_time_is_the_moment(sql: str, expected: str) -> None:
    """However it is asked for."""
    assert at_moment(sql, MOMENT) == expected


@pytest.mark.parametrize(
    ("sql", "instead"),
    [
        ("at > 'today'::date", "write now.., current_date"),
        ("at > date 'now'", "write now.., current_date"),
        ("at > date'Yesterday '", "write now.., current_date"),
        ("at > E'tomorrow 10:00'", "write now.., current_date"),
        ("at > $$12:00 today$$", "write now.., current_date"),
        ("age(at) < '1 day'", r"write age\(current_date, …\)"),
        ("pg_catalog.AGE (date_trunc('day', at)) < '1 day'", r"write age\(current_date, …\)"),
        ("note = timeofday()", r"write now\(\)::text"),
    ],
)
def test_what_cannot_be_replaced_is_refused(sql: str, instead: str) -> None:
    """With what to write instead."""
    with pytest.raises(SourceError, match=instead):
        at_moment(sql, MOMENT)


@pytest.mark.parametrize(
    "sql",
    [
        "note = 'it''s now()'",
        '"now()" = 1 AND "current_date" = 2',
        "id = 1 -- now()",
        "id = 1 /* now()\n current_date */",
        "note = $$ now() $$ OR note = $x$ now() $x$",
        "public.now() AND my_now() AND t.current_date AND now = 1",
        "public.age(at) < 3 AND t.age > 2 AND pg_catalog.age(now, at) < '1 day'",
        "doc ->> 'now' = 'x' AND word = 'Now'::text AND title = 'now and then'",
        "note = E'it\\'s now()' /* and /* more */ now() */",
    ],
)
def test_all_else_stays(sql: str) -> None:
    """Texts, names, comments, and functions of other schemas."""
    assert at_moment(sql, MOMENT) == sql
