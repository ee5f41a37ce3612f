"""``now()`` in configured SQL is the moment of the snapshot, in every reader."""

from datetime import UTC, datetime

import pytest

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
        ("at > localtimestamp", "at > TIMESTAMP '2026-11-22 16:05:07.000089'"),
    ],
)
def test_the_current_time_is_the_moment(sql: str, expected: str) -> None:
    """However it is asked for."""
    assert at_moment(sql, MOMENT) == expected


@pytest.mark.parametrize(
    "sql",
    [
        "note = 'it''s now()'",
        '"now()" = 1 AND "current_date" = 2',
        "id = 1 -- now()",
        "id = 1 /* now()\n current_date */",
        "note = $$ now() $$ OR note = $x$ now() $x$",
        "public.now() AND my_now() AND t.current_date AND now = 1",
        "at > current_timestamp(3)",
    ],
)
def test_all_else_stays(sql: str) -> None:
    """Texts, names, comments, and functions of other schemas."""
    assert at_moment(sql, MOMENT) == sql
