"""The table of the speed figures: ``article``, with a unique NOT NULL id and no primary key.

Row n is always the same. A row takes about 117 bytes of heap (5,000,000 rows: about 585 MB), and its texts
hold what a text format can trip over: quotes, line ends, separators, backslashes, characters beyond ASCII,
nothing at all.
"""

from local.postgres.database import Database, quoted

COLUMNS = """
    id bigint NOT NULL,
    author_id integer,
    title varchar(200),
    summary text,
    created_at timestamptz,
    price numeric(10,2),
    score double precision,
    published boolean
"""

# One row in 20 or more of a kind, at distances that share no factor, so that kinds meet in all ways.
ROWS = """
    n,
    CASE WHEN n % 29 <> 0 THEN (n * 7919 % 100003)::integer END,
    CASE WHEN n % 31 <> 0 THEN 'Article ' || n || CASE n % 37
        WHEN 0 THEN ' says "yes", he said'
        WHEN 1 THEN E' over\\ntwo lines'
        WHEN 2 THEN ' d''été 東京 😀'
        WHEN 3 THEN E' tab\\tand\\\\backslash'
        ELSE '' END END,
    CASE n % 41 WHEN 0 THEN NULL WHEN 1 THEN ''
        ELSE 'w' || (n * 2654435761 % 4294967296) || CASE n % 2 WHEN 0 THEN ' is read' ELSE ' is read.' END
        END,
    CASE WHEN n % 43 <> 0
        THEN timestamptz '2015-01-01 00:00:00+00' + n * interval '31.415926 seconds' END,
    CASE WHEN n % 47 <> 0 THEN (n * 104729 % 9999999 - 999999) * 0.01 END,
    CASE WHEN n % 53 <> 0 THEN (n * 15485863 % 32452843) / 7.0::double precision END,
    CASE WHEN n % 59 <> 0 THEN n % 3 = 0 END
"""


def create(database: Database, table: str = "article") -> None:
    """Make the table, empty, in the schema ``public``."""
    database.execute(
        f"CREATE TABLE public.{quoted(table)} ({COLUMNS}); CREATE UNIQUE INDEX ON public.{quoted(table)} (id)"
    )


def fill(database: Database, rows: int, *, first: int = 1, table: str = "article") -> None:
    """Add the rows with the ids ``first`` … ``first + rows - 1``, and analyse the table."""
    database.execute(
        f"INSERT INTO public.{quoted(table)} SELECT {ROWS} FROM generate_series($1::bigint, $2::bigint) AS n",  # noqa: S608 - a quoted name
        first,
        first + rows - 1,
    )
    database.execute(f"VACUUM (ANALYZE) public.{quoted(table)}")
