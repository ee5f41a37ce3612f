"""A value's text as a folder and as a partition key, and the value that the view makes of it again."""

from collections.abc import Sequence
from datetime import date
from decimal import Decimal

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lakeshot.columns.casting import arrow_type
from lakeshot.columns.partition_by import refuse_folder_per_row, refuse_unpartitionable
from lakeshot.columns.partition_text import partition_text
from lakeshot.columns.schema import partition_expression
from lakeshot.columns.types import (
    BIGINT,
    BINARY,
    BOOLEAN,
    DATE,
    DATE_TEXT,
    DECIMAL,
    DOUBLE,
    JSON,
    NULL,
    NUMBER_TEXT,
    STRING,
    TIMESTAMP,
    Column,
    ColumnType,
    array_of,
    decimal,
)
from lakeshot.errors import PartitionError
from local.lake.catalog import Partition
from tests.unit.local.lake_in_memory import Lake

MOST_DIGITS = "12345678901234567890.123456789012345678"
AWKWARD = {
    "a/b=c%": "a%2Fb%3Dc%25",
    "": "%5F",
    "_": "_",
    "%5F": "%255F",
    "__HIVE_DEFAULT_PARTITION__": "%5F_HIVE_DEFAULT_PARTITION__",
    "%5F_HIVE_DEFAULT_PARTITION__": "%255F_HIVE_DEFAULT_PARTITION__",
    "é🚀": "%C3%A9%F0%9F%9A%80",
    'it\'s "so"\n': "it%27s%20%22so%22%0A",
    "1+1 ~*": "1%2B1%20~%2A",
    "..": "..",
    "null": "null",
    "\x00": "%00",
}
"""Texts that mean something to a path, to Hive or to a decoder, and what stands for them."""
TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)


def texts(values: Sequence[object], kind: ColumnType) -> list[str]:
    found: list[str] = partition_text(pa.array(values, arrow_type(kind)), kind).to_pylist()
    return found


def shown(values: Sequence[object], kind: ColumnType) -> list[str | None]:
    """What a reader of the view sees of each value, in the type that it has there."""
    lake = Lake()
    lake.declare("t", {"id": "bigint"}, keys={"snapshot_timestamp": "string", "k": "string"})
    storage = lake.catalog.databases["lakeshot"]["t"].storage_descriptor
    for number, text in enumerate(texts(values, kind)):
        place = f"t/{number}/"
        lake.store.put_parquet(f"{place}a.parquet", {"id": pa.array([number])})
        one = storage.model_copy(update={"location": f"s3://lake/{place}"})
        lake.catalog.add_partitions(
            "lakeshot", "t", [Partition(values=(str(number), text), storage_descriptor=one)]
        )
    expression = partition_expression(Column(name="k", source="k", type=kind))
    return [value for _, value in lake.rows(f"SELECT id, {expression} AS k FROM t ORDER BY id")]


def test_texts_are_percent_encoded_and_null_and_empty_have_texts_of_their_own() -> None:
    """Which no value has."""
    assert texts([*AWKWARD, None], STRING) == [*AWKWARD.values(), "__HIVE_DEFAULT_PARTITION__"]


def test_awkward_texts_are_shown_as_they_are() -> None:
    """Null is null and empty is empty."""
    assert shown([*AWKWARD, None], STRING) == [*AWKWARD, None]


@given(st.lists(st.none() | TEXTS, min_size=1, max_size=6))
def test_any_text_is_shown_as_it_is(values: list[str | None]) -> None:
    """Encoded by Arrow, decoded by the view."""
    assert shown(values, STRING) == values


@given(st.lists(TEXTS, unique=True))
def test_different_texts_have_different_folders(values: list[str]) -> None:
    """Each in one level of a path, none of them null's."""
    found = texts(values, STRING)
    assert len(set(found)) == len(values)
    assert not any("/" in text or "=" in text or text == "__HIVE_DEFAULT_PARTITION__" for text in found)


@pytest.mark.parametrize(
    ("values", "kind", "expected"),
    [
        ([1, -3, 0, 2**63 - 1, None], BIGINT, ["1", "-3", "0", "9223372036854775807", None]),
        (
            [Decimal("1"), Decimal("100"), Decimal("0"), Decimal("1E-18"), Decimal(f"-{MOST_DIGITS}"), None],
            DECIMAL,
            ["1", "100", "0", "0.000000000000000001", f"-{MOST_DIGITS}", None],
        ),
        (
            ["1", "1.0", "-0.0", "0E+5", "1E+3", "1e-3", "00.50", "+7", f"{MOST_DIGITS}00", None],
            NUMBER_TEXT,
            ["1", "1", "0", "0", "1000", "0.001", "0.5", "7", MOST_DIGITS, None],
        ),
        ([Decimal("1.50"), Decimal("-10.00"), None], decimal(5, 2), ["1.5", "-10", None]),
        ([Decimal("100"), Decimal("0")], decimal(5, 0), ["100", "0"]),
        (["NaN", "Infinity"], NUMBER_TEXT, ["NaN", "Infinity"]),
        ([date.min, date(2026, 11, 22), None], DATE, ["0001-01-01", "2026-11-22", None]),
        (
            ["2026-11-22", "infinity", "0044-03-15 BC"],
            DATE_TEXT,
            ["2026-11-22", "infinity", "0044-03-15%20BC"],
        ),
        ([True, False, None], BOOLEAN, ["true", "false", None]),
        ([None, None], NULL, [None, None]),
    ],
)
def test_numbers_go_by_their_digits_and_booleans_by_their_names(
    values: list[object], kind: ColumnType, expected: list[str | None]
) -> None:
    """So a number is in one folder, whatever type some row group has it in."""
    assert texts(values, kind) == [text or "__HIVE_DEFAULT_PARTITION__" for text in expected]


@given(st.decimals(-(10**20), 10**20, places=18).filter(lambda number: abs(number) < 10**20))
def test_a_number_has_one_text_in_every_type(number: Decimal) -> None:
    """Also where it is whole."""
    (text,) = texts([number], DECIMAL)
    assert texts([str(number)], NUMBER_TEXT) == [text]
    if number == int(number) and abs(number) < 2**63:
        assert texts([int(number)], BIGINT) == [text]


def test_values_are_shown_in_their_types() -> None:
    """As files would have them."""
    assert shown([-3, None], BIGINT) == ["-3", None]
    assert shown([Decimal(MOST_DIGITS), Decimal("1.5")], DECIMAL) == [MOST_DIGITS, "1.500000000000000000"]
    assert shown(["1E+40", None], NUMBER_TEXT) == ["1" + "0" * 40, None]
    assert shown([Decimal("1.5")], decimal(5, 2)) == ["1.50"]
    assert shown([date.min, date.max, None], DATE) == ["0001-01-01", "9999-12-31", None]
    assert shown(["2026-11-22", "0044-03-15 BC", None], DATE_TEXT) == ["2026-11-22", "0044-03-15 BC", None]
    assert shown([True, False, None], BOOLEAN) == ["true", "false", None]
    assert shown([None], NULL) == [None]


def test_the_view_decodes_by_this_sql() -> None:
    """An empty text is no escape that a decoder would take."""
    column = Column(name='a"b', source="a", type=STRING)
    assert partition_expression(column) == (
        'CASE WHEN "a""b" = \'%5F\' THEN \'\' ELSE url_decode("a""b") END'
    )
    assert partition_expression(column.model_copy(update={"type": DECIMAL})) == (
        'CAST("a""b" AS decimal(38,18))'
    )


@pytest.mark.parametrize("kind", [BINARY, JSON, DOUBLE, TIMESTAMP, array_of(STRING)])
def test_values_that_name_no_folder_are_refused(kind: ColumnType) -> None:
    """The message names attribute and type; other attributes may have any."""
    column = Column(name="kind", source="Kind", type=kind)
    refuse_unpartitionable([column], ["Other"])
    with pytest.raises(PartitionError) as caught:
        refuse_unpartitionable([column], ["Kind"])
    assert f"attribute 'Kind' has values of the type {kind}, and 'partition_by' takes bigint" in str(
        caught.value
    )


def test_a_folder_for_each_row_is_refused() -> None:
    """Key attributes together tell rows apart; one of them has to stay in the files."""
    refuse_folder_per_row((), ("pk",), "Reviews")
    refuse_folder_per_row(("pk", "x"), ("pk", "sk"), "Reviews")
    with pytest.raises(PartitionError, match="names every key attribute of table 'Reviews' \\(pk, sk\\)"):
        refuse_folder_per_row(("sk", "x", "pk"), ("pk", "sk"), "Reviews")
