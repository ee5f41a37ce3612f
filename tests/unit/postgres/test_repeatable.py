"""Parts of a query are parts of the same rows, or it is refused."""

import pytest

from lakeshot.errors import SourceError
from lakeshot.postgres.source import PostgresSource
from local.postgres.database import Database
from local.postgres.server import PostgresServer
from tests.unit.postgres.sessions import cut_and_read, in_snapshot, source

ROWS = 2_000
PICKED = {
    "SELECT id, random() AS k FROM public.b": "calls random()",
    "SELECT id AS k FROM public.b WHERE random() < 0.5": "calls random()",
    "SELECT id AS k FROM public.b ORDER BY random() LIMIT 10": "has LIMIT or OFFSET",
    "SELECT id AS k FROM public.b OFFSET 7": "has LIMIT or OFFSET",
    "SELECT id, (SELECT v FROM public.b x WHERE x.v = b.v LIMIT 1) AS k FROM public.b": "has LIMIT or OFFSET",
    "SELECT id, row_number() OVER () AS k FROM public.b": "has a window function",
    "SELECT id AS k FROM public.b TABLESAMPLE SYSTEM (50)": "has TABLESAMPLE",
    "SELECT DISTINCT ON (v) id AS k FROM public.b": "has DISTINCT ON",
    'SELECT id AS k FROM public."Odd"': "calls gen_random_uuid()",
    "SELECT id AS k FROM public.recent": "has now() in a view",
    "SELECT v, avg(v::float8) AS k FROM public.b GROUP BY v": "'split_by' is computed of many rows",
}
SAME = [
    "SELECT id AS k FROM public.b",
    "SELECT DISTINCT v AS k FROM public.b",
    "SELECT id AS k FROM public.b UNION SELECT -id FROM public.b",
    "SELECT v AS k, count(*), avg(v::float8) FROM public.b GROUP BY v HAVING count(*) > 1",
    "SELECT id AS k, 'random()' AS word, now() AS at FROM public.b",
    "SELECT id AS k FROM public.b WHERE id < (SELECT max(id) FROM public.b)",
    "SELECT a.id AS k, lower(a.word) AS word FROM public.b a JOIN public.b c ON c.id = a.v",
    "WITH x AS MATERIALIZED (SELECT * FROM public.b) SELECT id AS k FROM x CROSS JOIN generate_series(1, 2)",
]


@pytest.fixture
def filled(database: Database) -> Database:
    database.execute(f"""
        CREATE TABLE b AS SELECT g AS id, g % 7 AS v, 'x' AS word FROM generate_series(1, {ROWS}) g;
        CREATE INDEX ON b (id); ANALYZE b;
        CREATE VIEW "Odd" AS SELECT id FROM b WHERE gen_random_uuid() IS NOT NULL;
        CREATE VIEW recent AS SELECT id FROM b WHERE now() > '2000-01-01';
        CREATE VIEW picked AS SELECT id AS k FROM b LIMIT 10
    """)
    return database


def read(running: PostgresServer, database: Database, wanted: PostgresSource) -> tuple[int, list[str]]:
    made, parts = in_snapshot(running, database, lambda on: cut_and_read(on, wanted, readers=3))
    return len(made.parts), sorted(repr(row[0]) for part in parts for row in part)


@pytest.mark.parametrize("select", PICKED)
def test_rows_that_may_differ_each_time_are_not_cut(
    postgres: PostgresServer, filled: Database, select: str
) -> None:
    """Each part would compute them anew."""
    with pytest.raises(SourceError) as raised:
        read(postgres, filled, source(select=select, split_by="k"))
    assert PICKED[select] in str(raised.value)
    assert "leave 'split_by' out" in str(raised.value) or "or leave it out" in str(raised.value)
    count, _ = read(postgres, filled, source(select=select))
    assert count == 1


@pytest.mark.parametrize("select", SAME)
def test_rows_that_are_the_same_each_time_are_cut(
    postgres: PostgresServer, filled: Database, select: str
) -> None:
    """Whatever plan the statistics suggest."""
    count, rows = read(postgres, filled, source(select=select, split_by="k"))
    assert count > 1
    assert rows == read(postgres, filled, source(select=select))[1]


def test_a_view_is_looked_into(postgres: PostgresServer, filled: Database) -> None:
    """Also with a condition; as one part it is what it is."""
    with pytest.raises(SourceError, match="the view has LIMIT"):
        read(postgres, filled, source(table="picked", split_by="k", where="k > 0"))
    assert read(postgres, filled, source(table="picked", where="k > 0"))[0] == 1


def test_what_a_condition_selects_elsewhere_is_the_same_for_all_parts(
    postgres: PostgresServer, filled: Database
) -> None:
    """The table's own rows may be sampled: each is asked for once."""
    with pytest.raises(SourceError, match="the source has LIMIT"):
        read(postgres, filled, source(table="b", where="id IN (SELECT id FROM public.b LIMIT 5)"))
    read(postgres, filled, source(table="b", where="random() < 0.5"))


def test_columns_keep_their_names(postgres: PostgresServer, filled: Database) -> None:
    """Though what now() means is put in their place."""
    wanted = source(select="SELECT id, now(), current_date, current_timestamp FROM public.b WHERE id = 1")
    made, parts = in_snapshot(postgres, filled, lambda on: cut_and_read(on, wanted))
    assert [column.name for column in made.columns] == ["id", "now", "current_date", "current_timestamp"]
    [[(_, now, today, also_now)]] = parts
    assert (now, now.date()) == (also_now, today)
