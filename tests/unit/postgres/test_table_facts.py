"""What the catalog says of a table is what the table is."""

import asyncpg
import pytest

from lakeshot.errors import PermissionDeniedError, SourceError
from lakeshot.postgres.server import Login
from lakeshot.postgres.table_facts import TableFacts, table_facts
from local.postgres.database import Database
from local.postgres.server import PostgresServer
from tests.unit.postgres.sessions import in_snapshot


def facts(
    running: PostgresServer,
    database: Database,
    table: str,
    only: tuple[str, ...] = (),
    login: Login | None = None,
) -> TableFacts:
    async def read(connection: asyncpg.Connection) -> TableFacts:
        return await table_facts(connection, "public", table, only)

    return in_snapshot(running, database, read, login=login)


def test_columns_are_the_live_ones_with_domains_taken_off(
    postgres: PostgresServer, database: Database
) -> None:
    """In the table's order; dropped ones are gone, generated ones are there."""
    database.execute("""
        CREATE DOMAIN price AS numeric(10, 2);
        CREATE DOMAIN paid AS price NOT NULL;
        CREATE TYPE mood AS ENUM ('ok');
        CREATE TABLE t (
            id int NOT NULL, gone int, amount paid, tags varchar(5)[], "Mood é" mood, prices price[],
            twice int GENERATED ALWAYS AS (id * 2) STORED, pair int4range, vec int2vector
        );
        ALTER TABLE t DROP COLUMN gone
    """)
    seen = {column.name: column for column in facts(postgres, database, "t").columns}
    assert list(seen) == ["id", "amount", "tags", "Mood é", "prices", "twice", "pair", "vec"]
    amount, tags, prices = seen["amount"], seen["tags"], seen["prices"]
    assert (amount.type_name, amount.base_type, amount.modifier) == ("public.paid", "numeric", 655366)
    assert (tags.type_name, tags.base_type, tags.element_type) == (
        "character varying(5)[]",
        "_varchar",
        "varchar",
    )
    assert (prices.base_type, prices.element_type, prices.category) == ("_price", "price", "A")
    assert (seen["Mood é"].type_kind, seen["Mood é"].type_schema) == ("e", "public")
    assert (seen["pair"].type_kind, seen["vec"].base_type) == ("r", "int2vector")
    assert [column.name for column in seen.values() if column.not_null] == ["id"]


def test_columns_are_read_as_asked_for(postgres: PostgresServer, database: Database) -> None:
    """In the table's order; one that is not there is told with what is close."""
    database.execute('CREATE TABLE t (id int, "orderDate" date, note text)')
    assert [each.name for each in facts(postgres, database, "t", ("note", "id")).columns] == ["id", "note"]
    with pytest.raises(SourceError, match=r"public\.t has no column 'orderdate'; close to it: orderDate"):
        facts(postgres, database, "t", ("id", "orderdate"))


def test_only_what_every_row_has_once_is_a_unique_index(postgres: PostgresServer, database: Database) -> None:
    """Not partial, of expressions, deferrable, or of columns that may be null; the primary key first."""
    database.execute("""
        CREATE TABLE t (
            a int NOT NULL, b int NOT NULL, n int, d int NOT NULL, v int,
            PRIMARY KEY (b, a), CONSTRAINT deferred UNIQUE (d) DEFERRABLE
        );
        CREATE UNIQUE INDEX one ON t (a) INCLUDE (n);
        CREATE UNIQUE INDEX nullable ON t (n);
        CREATE UNIQUE INDEX partial ON t (a) WHERE a > 0;
        CREATE UNIQUE INDEX of_expression ON t ((a + 1));
        CREATE INDEX not_unique ON t (d);
        INSERT INTO t VALUES (1, 1, 1, 1, NULL);
        ALTER TABLE t ADD CONSTRAINT later NOT NULL v NOT VALID;
        CREATE UNIQUE INDEX not_validated ON t (v)
    """)
    seen = facts(postgres, database, "t")
    assert [(each.name, each.columns, each.is_primary) for each in seen.unique_indexes] == [
        ("t_pkey", ("b", "a"), True),
        ("one", ("a",), False),
    ]
    assert seen.primary_key == ("b", "a")
    assert {column.name for column in seen.columns if column.not_null} == {"a", "b", "d"}


def test_sizes_and_estimates(postgres: PostgresServer, database: Database) -> None:
    """Pages are those of the heap; what is stored aside counts for bytes; rows are what ANALYZE found."""
    database.execute("""
        CREATE TABLE t (id int, long text STORAGE EXTERNAL);
        INSERT INTO t SELECT i, repeat('x', 20000) FROM generate_series(1, 100) i
    """)
    before = facts(postgres, database, "t")
    assert before.estimated_rows is None
    assert before.leaves[0].pages == before.heap_bytes // 8192 == 1
    assert before.leaves[0].bytes > 2_000_000
    database.execute("ANALYZE t")
    assert facts(postgres, database, "t").estimated_rows == 100


def test_leaves_hold_the_rows(postgres: PostgresServer, database: Database) -> None:
    """Partitions of partitions, foreign ones too; not what is being detached, nor what is between."""
    database.execute("""
        CREATE EXTENSION postgres_fdw; CREATE SERVER far FOREIGN DATA WRAPPER postgres_fdw;
        CREATE TABLE p (id int) PARTITION BY RANGE (id);
        CREATE TABLE p1 PARTITION OF p FOR VALUES FROM (0) TO (10);
        CREATE TABLE p2 PARTITION OF p FOR VALUES FROM (10) TO (20) PARTITION BY RANGE (id);
        CREATE TABLE p2a PARTITION OF p2 DEFAULT;
        CREATE FOREIGN TABLE p3 PARTITION OF p FOR VALUES FROM (20) TO (30) SERVER far;
        CREATE VIEW v AS SELECT * FROM p
    """)
    seen = facts(postgres, database, "p")
    assert [(leaf.name, leaf.has_tid_ranges, leaf.is_foreign) for leaf in seen.leaves] == [
        ("p1", True, False),
        ("p2a", True, False),
        ("p3", False, True),
    ]
    assert (seen.relkind, facts(postgres, database, "v").leaves) == ("p", ())


def test_what_is_being_detached_is_no_leaf(postgres: PostgresServer, database: Database) -> None:
    """A select of the table shows its rows no more."""
    database.execute("""
        CREATE TABLE p (id int) PARTITION BY RANGE (id);
        CREATE TABLE p1 PARTITION OF p FOR VALUES FROM (0) TO (10);
        UPDATE pg_inherits SET inhdetachpending = true WHERE inhrelid = 'p1'::regclass
    """)
    assert facts(postgres, database, "p").leaves == ()


def test_a_column_that_may_not_be_read_is_told_with_the_grant(
    postgres: PostgresServer, database: Database
) -> None:
    """Unless it is not asked for."""
    database.execute("""
        CREATE TABLE t (id int, note text, secret text);
        DROP ROLE IF EXISTS "Odd ""reader"; CREATE ROLE "Odd ""reader" LOGIN PASSWORD 'p';
        GRANT SELECT (id, note) ON t TO "Odd ""reader"
    """)
    login = Login(user='Odd "reader', password="p")
    with pytest.raises(PermissionDeniedError) as raised:
        facts(postgres, database, "t", login=login)
    assert str(raised.value) == (
        'user "Odd ""reader" may not read "secret" of "public"."t"; have its owner run: '
        'GRANT SELECT ON "public"."t" TO "Odd ""reader"; or list the columns that may be read'
    )
    allowed = facts(postgres, database, "t", ("id", "note"), login=login)
    assert (len(allowed.columns), allowed.readable, allowed.leaves[0].readable) == (2, False, False)


def test_names_that_are_close_are_those_that_may_be_read(
    postgres: PostgresServer, database: Database
) -> None:
    """Whatever their case; the same name in another schema first."""
    database.execute("""
        CREATE SCHEMA shop; CREATE TABLE shop.article (id int);
        CREATE TABLE "Article" (id int); CREATE TABLE articles (id int); CREATE TABLE other (id int)
    """)
    with pytest.raises(SourceError) as raised:
        facts(postgres, database, "article")
    assert "has no table 'article'; close to it: shop.article, public.Article, public.articles." in str(
        raised.value
    )


def test_thirteen_has_no_ranges_of_ctid(postgres_13: PostgresServer, database_13: Database) -> None:
    """It would read the whole table for each."""
    database_13.execute("CREATE TABLE t (id int PRIMARY KEY)")
    seen = facts(postgres_13, database_13, "t")
    assert not seen.leaves[0].has_tid_ranges
    assert (seen.server_version // 10_000, seen.primary_key) == (13, ("id",))
