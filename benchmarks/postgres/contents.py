"""Tells whether two have the same rows: each column's count and exact sum, of digests where it is text."""

from collections.abc import Mapping
from pathlib import Path

import duckdb

from local.postgres.database import Database

Contents = dict[str, int]

_SAME = {
    "bigint": "sum({})",
    "numeric": "sum({} * 100)",
    "double": "sum(round({} * 7))",
    "boolean": "count(*) FILTER (WHERE {})",
}
_IN_POSTGRES = _SAME | {
    "text": "sum(('x' || left(md5({}), 8))::bit(32)::bigint)",
    "timestamp": "sum((extract(epoch FROM {}) * 1000000)::bigint)",
}
_IN_DUCKDB = _SAME | {
    "text": "sum(CAST('0x' || left(md5({}), 8) AS BIGINT))",
    "timestamp": "sum(epoch_us(CAST({} AS TIMESTAMP)))",
}


def in_table(database: Database, table: str, columns: Mapping[str, str]) -> Contents:
    """What the table has."""
    (row,) = database.query(f"SELECT {_listed(columns, _IN_POSTGRES)} FROM public.{table}")  # noqa: S608
    return {name: int(value) for name, value in row.items()}


def in_files(folder: Path, columns: Mapping[str, str]) -> Contents:
    """What a folder's Parquet files have; a moment may be a text in them."""
    with duckdb.connect() as connection:
        found = connection.execute(
            f"SELECT {_listed(columns, _IN_DUCKDB)} FROM read_parquet('{folder}/**/*.parquet')"  # noqa: S608
        )
        names = [column[0] for column in found.description]
        return dict(zip(names, map(int, found.fetchall()[0]), strict=True))


def rows_in_files(folder: Path) -> int:
    """How many rows a folder's Parquet files have."""
    return in_files(folder, {})["rows"]


def _listed(columns: Mapping[str, str], sums: Mapping[str, str]) -> str:
    of_columns = [
        f'count({name}) AS "values of {name}", {sums[kind].format(name)} AS "sum of {name}"'
        for name, kind in columns.items()
    ]
    return ", ".join(["count(*) AS rows", *of_columns])
