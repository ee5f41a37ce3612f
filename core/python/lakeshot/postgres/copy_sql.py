"""The statement by which a part's rows leave the database."""

from collections.abc import Sequence

from lakeshot.postgres.column_types import ReadColumn
from lakeshot.postgres.parts import QueryPart


def copy_sql(part: QueryPart, columns: Sequence[ReadColumn]) -> str:
    """The SELECT whose rows COPY sends: the columns' expressions, of the part's rows only."""
    expressions = ", ".join(column.expression for column in columns)
    where = " AND ".join(f"({condition}\n)" for condition in part.conditions)  # it may end in a comment
    select = f"SELECT {expressions} FROM {part.relation}"  # noqa: S608  (quoted names, and SQL people configured)
    return f"{select} WHERE {where}" if where else select
