"""The tables that can be read, each with a unique id that no NULL is in and no primary key."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from local.postgres import article
from local.postgres.database import Database

_REFERENCE = """
CREATE TABLE public.article (id bigint NOT NULL, name text, description text, added timestamp);
CREATE UNIQUE INDEX ON public.article (id);
INSERT INTO public.article
SELECT n, md5(n::text), md5((n * 7)::text), timestamp '2015-01-01' + n * 31.415926 * interval '1 second'
FROM generate_series(1, {rows}) AS n
"""


@dataclass(frozen=True)
class Table:
    """``columns`` tells their types by name; ``make`` fills a table ``article`` with so many rows."""

    columns: Mapping[str, str]
    make: Callable[[Database, int], None]


def _make_reference(database: Database, rows: int) -> None:
    database.execute(_REFERENCE.format(rows=rows))


def _make_typed(database: Database, rows: int) -> None:
    article.create(database)
    article.fill(database, rows)


TABLES = {
    "reference": Table(
        columns={"id": "bigint", "name": "text", "description": "text", "added": "timestamp"},
        make=_make_reference,
    ),
    "typed": Table(
        columns={
            "id": "bigint",
            "author_id": "bigint",
            "title": "text",
            "summary": "text",
            "created_at": "timestamp",
            "price": "numeric",
            "score": "double",
            "published": "boolean",
        },
        make=_make_typed,
    ),
}
"""``reference`` has the columns of the case that others have published figures of, and the 117 bytes a row of
our first measurements; ``typed`` has the same bytes in twice the columns, with NULLs, and texts to escape."""
