"""The table of the speed figures."""

import pytest

from local.postgres import article
from local.postgres.database import Database

ROWS = 10_000


@pytest.fixture
def filled(database: Database) -> Database:
    article.create(database)
    article.fill(database, ROWS)
    return database


def test_it_has_a_unique_key_and_no_primary_key(filled: Database) -> None:
    """As the reference case: unique and NOT NULL, but not the primary key."""
    [index] = filled.query(
        "SELECT indisunique, indisprimary FROM pg_index WHERE indrelid = 'article'::regclass"
    )
    assert tuple(index) == (True, False)
    [column] = filled.query(
        "SELECT attnotnull FROM pg_attribute WHERE attrelid = 'article'::regclass AND attname = 'id'"
    )
    assert column["attnotnull"]


def test_a_row_takes_117_bytes_of_heap(filled: Database) -> None:
    """So that figures compare with those of 5,000,000 rows in 585 MB."""
    [size] = filled.query("SELECT pg_relation_size('article') AS bytes")
    assert size["bytes"] / ROWS == pytest.approx(117, abs=2)


def test_every_column_but_the_key_lacks_values_and_texts_are_awkward(filled: Database) -> None:
    """What a text format trips over occurs."""
    names = ("author_id", "title", "summary", "created_at", "price", "score", "published")
    missing = ", ".join(f"count(*) FILTER (WHERE {name} IS NULL) AS {name}" for name in names)
    [counts] = filled.query(f"SELECT count(*) AS rows, {missing} FROM article")
    assert counts["rows"] == ROWS
    assert all(0 < counts[name] < ROWS / 20 for name in names)
    for awkward in ('"', "\n", ",", "\\", "\t", "😀", "'"):
        [found] = filled.query("SELECT count(*) AS n FROM article WHERE strpos(title, $1) > 0", awkward)
        assert found["n"] > 0, awkward
    assert filled.query("SELECT count(*) AS n FROM article WHERE summary = ''")[0]["n"] > 0


def test_a_row_is_always_the_same_wherever_filling_begins(filled: Database) -> None:
    """Added in two steps, the rows are those of one."""
    article.create(filled, "other")
    article.fill(filled, 4_000, table="other")
    article.fill(filled, ROWS - 4_000, first=4_001, table="other")
    assert filled.query("TABLE article EXCEPT TABLE other") == []
    assert filled.query("SELECT count(*) AS n FROM other")[0]["n"] == ROWS
