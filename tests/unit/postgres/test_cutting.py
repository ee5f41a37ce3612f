"""Whatever a table looks like, each of its rows is in exactly one part."""

import json
from collections import Counter
from collections.abc import Iterator
from typing import Any

import asyncpg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lakeshot.errors import SourceError
from lakeshot.postgres.cutting import Cut, cut
from lakeshot.postgres.server import Login
from lakeshot.postgres.source import PostgresSource
from local.postgres.database import Database
from local.postgres.server import PostgresServer
from tests.unit.postgres.sessions import MOMENT, cut_and_read, in_snapshot, source

BOTH = pytest.mark.parametrize("version", [18, 13])
"""13 is the last that cannot read ranges of ctid."""
Parts = list[list[tuple[Any, ...]]]


@pytest.fixture(autouse=True)
def small_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    """Cut tables of tests as large ones are."""
    monkeypatch.setattr("lakeshot.postgres.part_sizes.SMALLEST_BYTES", 16 * 1024)


@pytest.fixture
def database(request: pytest.FixtureRequest, running: PostgresServer) -> Iterator[Database]:
    name = "".join(letter if letter.isalnum() else "_" for letter in request.node.name.lower())[-50:]
    yield running.create_database(name)
    running.drop_database(name)


def read(
    running: PostgresServer, database: Database, wanted: PostgresSource, readers: int = 2
) -> tuple[Cut, Parts]:
    return in_snapshot(running, database, lambda connection: cut_and_read(connection, wanted, readers))


def ids(parts: Parts) -> list[int]:
    return sorted(row[0] for part in parts for row in part)


@BOTH
def test_a_large_table_is_cut_into_ranges_of_like_size(running: PostgresServer, database: Database) -> None:
    """By pages where the server reads ranges of them, else by its unique index."""
    database.execute("""
        CREATE TABLE article (id int8 NOT NULL UNIQUE, body text);
        INSERT INTO article SELECT i, repeat('x', 100) FROM generate_series(1, 20000) i
    """)
    made, parts = read(running, database, source(table="article"))
    assert ids(parts) == list(range(1, 20001))
    assert 7 <= len(parts) <= 9
    assert max(map(len, parts)) < 2 * min(map(len, parts))
    by = "ctid" if running.version == 18 else '"id" by a sample'
    assert made.how == f"{len(parts)} ranges of {by}"


@BOTH
def test_parts_together_read_a_table_once(running: PostgresServer, database: Database) -> None:
    """By ranges of pages or of an index, whatever the condition on rows; statistics are not needed."""
    database.execute("""
        CREATE TABLE article (id int8 NOT NULL UNIQUE, body text) WITH (autovacuum_enabled = false);
        INSERT INTO article SELECT i, repeat('x', 100) FROM generate_series(1, 40000) i
    """)

    async def pages_read(connection: asyncpg.Connection) -> int:
        wanted = source(table="article", where="length(body) > 5")
        made = await cut(connection, wanted, moment=MOMENT, readers=2)
        pages = 0
        for part in made.parts:
            where = " AND ".join(f"({condition}\n)" for condition in part.conditions)
            [plan] = await connection.fetch(
                f"EXPLAIN (ANALYZE, BUFFERS, FORMAT json) SELECT id, body FROM {part.relation} WHERE {where}"
            )
            told = json.loads(plan[0])[0]["Plan"]
            pages += told["Shared Hit Blocks"] + told["Shared Read Blocks"]
            nodes = {"Tid Range Scan"} if running.version == 18 else {"Index Scan", "Bitmap Heap Scan"}
            assert told["Node Type"] in nodes
        return pages

    read_pages = in_snapshot(running, database, pages_read)
    heap = database.query("SELECT pg_relation_size('article') / 8192")[0][0]
    assert heap <= read_pages <= 1.3 * heap


@BOTH
def test_fresh_statistics_give_the_bounds_of_an_index(running: PostgresServer, database: Database) -> None:
    """Without a page of the table read; where ctid does not serve."""
    database.execute("""
        CREATE TABLE article (id int8 NOT NULL UNIQUE, body text);
        INSERT INTO article SELECT i * i, repeat('x', 100) FROM generate_series(1, 20000) i;
        ANALYZE article
    """)
    made, parts = read(running, database, source(table="article"))
    assert ids(parts) == [i * i for i in range(1, 20001)]
    assert max(map(len, parts)) < 2 * min(map(len, parts))
    if running.version == 13:
        assert made.how == '8 ranges of "id" by statistics'


@BOTH
def test_a_table_that_nothing_orders_is_read(running: PostgresServer, database: Database) -> None:
    """Without key and index, with nulls and rows that are alike."""
    database.execute("""
        CREATE TABLE "Ärger"" mit 'Namen'" ("Id" int);
        INSERT INTO "Ärger"" mit 'Namen'" SELECT i % 7 FROM generate_series(1, 30000) i;
        INSERT INTO "Ärger"" mit 'Namen'" SELECT NULL FROM generate_series(1, 300) i
    """)
    made, parts = read(running, database, source(table="Ärger\" mit 'Namen'"))
    assert Counter(row[0] for part in parts for row in part)[None] == 300
    assert sum(map(len, parts)) == 30_300
    if running.version == 13:
        assert made.how == (
            "one part, because no unique index without nulls orders the rows; give 'split_by'"
        )


@BOTH
def test_an_empty_table_is_one_part(running: PostgresServer, database: Database) -> None:
    """Somebody has to see that it is empty."""
    database.execute("CREATE TABLE nothing (id int PRIMARY KEY)")
    made, parts = read(running, database, source(table="nothing"))
    assert (parts, made.how, made.primary_key) == ([[]], "one part", ("id",))


@BOTH
def test_partitions_are_cut_each_by_itself(running: PostgresServer, database: Database) -> None:
    """Small ones go together; columns that lie in another order are read by name."""
    database.execute("""
        CREATE TABLE sale (id int, day int, note text, PRIMARY KEY (day, id)) PARTITION BY LIST (day);
        CREATE TABLE "Sale 1" (note text, gone int, day int NOT NULL, id int NOT NULL);
        ALTER TABLE "Sale 1" DROP COLUMN gone;
        ALTER TABLE sale ATTACH PARTITION "Sale 1" FOR VALUES IN (1);
        CREATE TABLE sale_2 PARTITION OF sale FOR VALUES IN (2) PARTITION BY RANGE (id);
        CREATE TABLE sale_2a PARTITION OF sale_2 FOR VALUES FROM (0) TO (5000);
        CREATE TABLE sale_2b PARTITION OF sale_2 DEFAULT;
        CREATE TABLE sale_3 PARTITION OF sale FOR VALUES IN (3);
        CREATE TABLE sale_4 PARTITION OF sale DEFAULT;
        INSERT INTO sale SELECT i, 1 + (i > 20000)::int, repeat('x', 80) FROM generate_series(1, 20100) i;
        INSERT INTO sale SELECT i, 3, 'x' FROM generate_series(30001, 30010) i;
        INSERT INTO sale SELECT i, 9, 'x' FROM generate_series(40001, 40010) i
    """)
    wanted = source(table="sale", columns=["id", "note"], where="sale.day <> 9 -- none of these")
    made, parts = read(running, database, wanted)
    assert ids(parts) == [*range(1, 20101), *range(30001, 30011)]
    assert [column.name for column in made.columns] == ["id", "note"]
    assert made.how.startswith("1 part of 4 whole partitions and ")
    assert made.parts[-1].relation.count("ONLY") == 4
    assert "8 ranges of ctid" in made.how if running.version == 18 else '8 ranges of "day"' not in made.how


@BOTH
def test_tables_that_inherit_are_read_once(running: PostgresServer, database: Database) -> None:
    """A select of the parent shows their rows, of the parent's columns."""
    database.execute("""
        CREATE TABLE animal (id int NOT NULL UNIQUE);
        CREATE TABLE dog (bark text, id int) INHERITS (animal);
        CREATE TABLE cat () INHERITS (animal);
        CREATE TABLE pet () INHERITS (dog, cat);
        INSERT INTO animal SELECT generate_series(1, 9000);
        INSERT INTO dog (id) SELECT generate_series(10001, 19000);
        INSERT INTO pet (id) SELECT generate_series(20001, 20009)
    """)
    _, parts = read(running, database, source(table="animal"))
    assert ids(parts) == [*range(1, 9001), *range(10001, 19001), *range(20001, 20010)]


@BOTH
def test_partitions_that_only_their_table_shows_are_read_through_it(
    running: PostgresServer, database: Database
) -> None:
    """The right to read the table is enough for PostgreSQL, so it is enough here."""
    database.execute("""
        CREATE SCHEMA hidden;
        CREATE TABLE sale (id int NOT NULL UNIQUE) PARTITION BY RANGE (id);
        CREATE TABLE hidden.s1 PARTITION OF sale FOR VALUES FROM (0) TO (9000);
        CREATE TABLE hidden.s2 PARTITION OF sale FOR VALUES FROM (9000) TO (30000);
        INSERT INTO sale SELECT generate_series(1, 20000)
    """)
    running.create_reader("partly", "secret", database.name)
    database.execute("GRANT SELECT ON sale TO partly")
    made, parts = in_snapshot(
        running,
        database,
        lambda connection: cut_and_read(connection, source(table="sale")),
        login=Login(user="partly", password="secret"),
    )
    assert ids(parts) == list(range(1, 20001))
    assert max(map(len, parts)) < 3 * min(map(len, parts))
    words = "ctid over 2 partitions" if running.version == 18 else '"id" by a sample'
    assert made.how == f"{len(parts)} ranges of {words}"


@BOTH
def test_views_and_materialized_views(running: PostgresServer, database: Database) -> None:
    """A view is cut by ``split_by`` only; what is materialized is cut as tables are."""
    database.execute("""
        CREATE TABLE t (id int);
        INSERT INTO t SELECT generate_series(1, 20000);
        CREATE VIEW v AS SELECT * FROM t;
        CREATE MATERIALIZED VIEW m AS SELECT * FROM t;
    """)
    made, parts = read(running, database, source(table="v"))
    assert (len(parts), made.how) == (1, "one part, because a view has no 'split_by'")
    made, parts = read(running, database, source(table="v", split_by="id % 100"), readers=4)
    assert ids(parts) == list(range(1, 20001))
    assert (len(parts), made.how) == (5, "5 ranges of 'split_by' by a sample")
    assert [len(part) for part in parts].count(0) == 1, "of rows whose key is null there are none"
    made, parts = read(running, database, source(table="m"))
    assert ids(parts) == list(range(1, 20001))
    assert (len(parts) > 1) == (running.version == 18)


@BOTH
def test_a_select_is_cut_by_what_it_makes(running: PostgresServer, database: Database) -> None:
    """By any of its columns, under whatever name; ``now()`` is the moment in every part."""
    database.execute("CREATE TABLE t (id int); INSERT INTO t SELECT generate_series(1, 5000)")
    select = 'SELECT id, now() AS "at \' all", id % 3 AS r FROM public.t WHERE id > 5;'
    made, parts = read(running, database, source(select=select, split_by='"r" + 0'), readers=3)
    assert ids(parts) == list(range(6, 5001))
    assert {row[1].isoformat() for part in parts for row in part} == {"2026-11-21T12:00:00+00:00"}
    assert made.how == f"{len(parts)} ranges of 'split_by', by a sample"
    made, parts = read(running, database, source(select="VALUES (1), (2)"))
    assert (ids(parts), made.how) == ([1, 2], "one part, because 'select' has no 'split_by'")


KEYS = {
    "int4": "(random() * 100)::int4",
    "float8": "CASE i % 5 WHEN 0 THEN 'NaN' WHEN 1 THEN '-Infinity' WHEN 2 THEN -0.0 ELSE random() END",
    "numeric": "CASE i % 5 WHEN 0 THEN 'NaN' WHEN 1 THEN 1.0 WHEN 2 THEN 1.00 ELSE random()::numeric END",
    "text": "CASE i % 4 WHEN 0 THEN chr(97 + i % 26) WHEN 1 THEN chr(65 + i % 26) ELSE '''\\\" é' || i END",
    'text COLLATE "C"': "CASE i % 2 WHEN 0 THEN chr(97 + i % 26) ELSE chr(65 + i % 26) END",
    "varchar(3)": "chr(97 + i % 26) || ' '",
    "char(4)": "chr(97 + i % 26)",
    '"char"': 'chr(65 + i % 26)::"char"',
    "name": "'n' || i",
    "boolean": "i % 3 = 0",
    "date": "CASE i % 9 WHEN 0 THEN 'infinity' WHEN 1 THEN '0044-03-15 BC' ELSE date '2026-01-01' + i END",
    "timestamptz": "CASE i % 9 WHEN 0 THEN '-infinity' ELSE timestamptz '2026-01-01' + i * interval '1s' END",
    "time": "time '00:00' + i * interval '1 s'",
    "timetz": "time '00:00' + i * interval '1 s'",
    "interval": "i * interval '1 month 1 s'",
    "uuid": "md5(i::text)::uuid",
    "bytea": "decode(md5(i::text), 'hex')",
    "inet": "inet '10.0.0.0/8' + i",
    "cidr": "network(set_masklen(inet '10.0.0.0' + i, 24))",
    "money": "i::money",
    "oid": "4294967295 - i",
    "bit(12)": "(i % 4096)::bit(12)",
    "varbit": "(i % 4096)::bit(12)",
    "int4[]": "ARRAY[i % 7, i]",
    "int4range": "int4range(i % 7, 10 + i)",
    "jsonb": "to_jsonb(i)",
    "mood": "(ARRAY['sad', 'ok', 'Glad ''']::mood[])[1 + i % 3]",
    "pair": "CASE i % 4 WHEN 0 THEN ROW(NULL, NULL)::pair ELSE ROW(i % 5, i::text)::pair END",
    "small": "i % 50",
    "ext.citext": "CASE i % 2 WHEN 0 THEN chr(97 + i % 26) ELSE chr(65 + i % 26) END",
    "shouted": "CASE i % 2 WHEN 0 THEN chr(97 + i % 26) ELSE chr(65 + i % 26) END",
}
COLLATED = {
    "nocase": ("text COLLATE nocase", KEYS["text"]),
    "upper_first": ("text COLLATE upper_first", KEYS["text"]),
}


@BOTH
def test_every_type_that_has_an_order_cuts_rows(running: PostgresServer, database: Database) -> None:
    """Nulls, not-a-numbers, infinities, rows of nulls; compared by the key's own collation and operators."""
    database.execute("""
        CREATE SCHEMA ext; CREATE EXTENSION citext SCHEMA ext;
        CREATE TYPE mood AS ENUM ('sad', 'ok', 'Glad ''');
        CREATE TYPE pair AS (a int, b text);
        CREATE DOMAIN small AS int CHECK (VALUE < 50);
        CREATE DOMAIN shouted AS ext.citext;
        CREATE COLLATION nocase (provider = icu, locale = 'und-u-ks-level2', deterministic = false);
        CREATE COLLATION upper_first (provider = icu, locale = 'en-u-kf-upper');
    """)
    for number, (type_, value) in enumerate([*KEYS.items(), *COLLATED.values()]):
        database.execute(f"""
            SET search_path = public, ext;
            CREATE TABLE t{number} (id int, k {type_});
            INSERT INTO t{number} SELECT i, {value} FROM generate_series(1, 2000) i;
            INSERT INTO t{number} SELECT i, NULL FROM generate_series(2001, 2050) i
        """)
        wanted = source(table=f"t{number}", split_by="k", columns=["id"])
        made, parts = read(running, database, wanted)
        assert ids(parts) == list(range(1, 2051)), type_
        assert len(parts) > 2, type_
        assert 50 in map(len, parts), f"{type_}: nulls are a part"
        assert made.how == f"{len(parts)} ranges of 'split_by' by a sample"


@BOTH
def test_statistics_in_another_order_do_no_harm(running: PostgresServer, database: Database) -> None:
    """A key's own collation decides, also where its statistics are all there is."""
    database.execute(f"""
        CREATE COLLATION upper_first (provider = icu, locale = 'en-u-kf-upper');
        CREATE TABLE t (k text COLLATE upper_first NOT NULL UNIQUE);
        INSERT INTO t SELECT ({KEYS["text"]}) || i FROM generate_series(1, 20000) i;
        ANALYZE t
    """)
    made, parts = read(running, database, source(table="t"))
    assert sum(map(len, parts)) == 20_000
    assert len({row for part in parts for row in part}) == 20_000
    assert max(map(len, parts)) < 3 * min(map(len, parts))
    if running.version == 13:
        assert made.how.endswith('ranges of "k" by statistics')


@BOTH
def test_bad_sql_is_told_where_it_is_bad(running: PostgresServer, database: Database) -> None:
    """Before anything is read."""
    database.execute("CREATE TABLE t (id int, doc json)")
    bad = {
        "no column 'Id'; close to it: id": source(table="t", columns=["Id"]),
        "'where' is refused in line 2, column 5, near 'nope'": source(table="t", where="id = 1\nAND nope"),
        "'where' is refused in line 1, column 5, near": source(table="t", where="true) OR (1=1"),
        "'split_by' is of a type that has no order: .* type json;": source(table="t", split_by="doc"),
        "may differ each time it is computed": source(table="t", split_by="id + random()"),
        'relation "t" does not exist .*with their schema, as in public': source(select="SELECT * FROM t"),
    }
    for message, wanted in bad.items():
        with pytest.raises(SourceError, match=message):
            read(running, database, wanted)


@pytest.mark.parametrize("version", [13])
@given(
    values=st.lists(st.one_of(st.none(), st.integers(-5, 5), st.integers(-(2**31), 2**31 - 1)), max_size=200),
    readers=st.integers(1, 5),
)
@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_distribution_is_cut_into_parts_that_hold_each_row_once(
    running: PostgresServer, database: Database, values: list[int | None], readers: int
) -> None:
    """Few values, many alike, nulls, none at all."""

    async def both(connection: asyncpg.Connection) -> tuple[Cut, Parts]:
        return await cut_and_read(connection, source(table="weird", split_by="k"), readers)

    database.execute("DROP TABLE IF EXISTS weird; CREATE TABLE weird (k int)")
    database.execute("INSERT INTO weird SELECT unnest($1::int[])", values)
    database.execute("INSERT INTO weird SELECT k FROM weird, generate_series(1, 100)")
    _, parts = in_snapshot(running, database, both)
    expected = Counter({value: count * 101 for value, count in Counter(values).items()})
    assert Counter(row[0] for part in parts for row in part) == expected
