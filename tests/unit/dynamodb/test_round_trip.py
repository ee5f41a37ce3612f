"""Random items of every DynamoDB type, through Scan bytes and Parquet, equal the source."""

from base64 import b64decode, b64encode
from collections.abc import Callable
from decimal import Decimal

import pyarrow as pa
import pyarrow.parquet as pq
from hypothesis import given
from hypothesis import strategies as st

from lakeshot.columns.schema import cast, unify
from lakeshot.dynamodb.columns import typed
from lakeshot.dynamodb.page import PageDecoder
from tests.unit.dynamodb.type_table import Value, column_type, rebuilt, scan_response
from tests.unit.examples import at_most

Pages = list[list[dict[str, Value]]]

TEXT = st.one_of(
    st.text(max_size=12),
    st.text(alphabet='\\"{}[]:, SM', max_size=12),
    st.sampled_from(["\x00", "2026-11-21T23:26:05Z", "\U0001f600", "é", "null", "1"]),
)
WHOLE = st.integers(-(2**63), 2**63 - 1).map(str)
SHORT = st.decimals(min_value=-(10**19), max_value=10**19, places=6).map(lambda number: f"{number:f}")
WIDE = st.one_of(
    st.integers(10**20, 10**38 - 1).map(str),
    st.integers(-130, 125).map(lambda exponent: f"1E{exponent:+d}"),
    st.sampled_from(["0.0000000000000000001", "-9.9999999999999999999999999999999999999E+125", "1E-130"]),
)
NUMBER = st.one_of(WHOLE, SHORT, WIDE)
BASE64 = st.binary(max_size=9).map(lambda value: b64encode(value).decode())


def tagged(tag: str, strategy: st.SearchStrategy[object]) -> st.SearchStrategy[Value]:
    return strategy.map(lambda value: {tag: value})


def set_of(tag: str, strategy: st.SearchStrategy[str]) -> st.SearchStrategy[Value]:
    return tagged(tag, st.lists(strategy, min_size=1, max_size=3, unique=True))


LEAF = {
    "text": tagged("S", TEXT),
    "whole": tagged("N", WHOLE),
    "short": tagged("N", st.one_of(WHOLE, SHORT)),
    "number": tagged("N", NUMBER),
    "truth": tagged("BOOL", st.booleans()),
    "bytes": tagged("B", BASE64),
    "texts": set_of("SS", TEXT),
    "wholes": set_of("NS", WHOLE),
    "shorts": set_of("NS", SHORT),
    "numbers": set_of("NS", NUMBER),
    "binaries": set_of("BS", BASE64),
    "nothing": st.just({"NULL": True}),
}
KEY = st.sampled_from(["B", "BS", "M", "N", "NS", "SS", "S", "L", "NULL", "a"]) | TEXT


def _containers(values: st.SearchStrategy[Value]) -> st.SearchStrategy[Value]:
    return tagged("L", st.lists(values, max_size=3)) | tagged("M", st.dictionaries(KEY, values, max_size=3))


NESTED = _containers(st.recursive(st.one_of(*LEAF.values()), _containers, max_leaves=8))
VALUES = {**LEAF, "nested": NESTED, "mixed": st.one_of(*LEAF.values(), NESTED)}
NAMES = st.sampled_from(
    ["S", "M", "L", "Items", "a.b", "A", "a", "snapshot_timestamp", 'q"{', "é"]
) | st.text(min_size=1, max_size=5)


@st.composite
def tables(draw: st.DrawFn) -> Pages:
    """Pages of sparse items; an attribute is of one kind, or of any."""
    kinds = draw(st.dictionaries(NAMES, st.sampled_from(sorted(VALUES)), min_size=1, max_size=5))
    kinds.setdefault("id", "text")
    items = st.fixed_dictionaries(
        {"id": VALUES[kinds.pop("id")]}, optional={name: VALUES[kind] for name, kind in kinds.items()}
    )
    return draw(st.lists(st.lists(items, max_size=4), min_size=1, max_size=3))


def in_parquet(table: pa.Table) -> pa.Table:
    sink = pa.BufferOutputStream()
    pq.write_table(table, sink)
    return pq.read_table(pa.BufferReader(sink.getvalue()))


def _same(value: object) -> object:
    return value


def plain(value: Value, type_name: str) -> object:
    """The DynamoDB value as the reader of a column of this type is to see it."""
    ((tag, content),) = value.items()
    if tag == "NULL":
        return None
    scalar = type_name.removeprefix("array<").removesuffix(">")
    conversions: dict[str, Callable[[str], object]] = {
        "bigint": int,
        "decimal(38,18)": Decimal,
        "binary": b64decode,
    }
    convert = conversions.get(scalar, _same)
    return [convert(element) for element in content] if isinstance(content, list) else convert(content)


@at_most(80)
@given(pages=tables(), spaced=st.booleans(), ascii_only=st.booleans())
def test_every_value_survives_parquet(pages: Pages, spaced: bool, ascii_only: bool) -> None:
    """What is read back from Parquet equals the items by the type table, each attribute of each item."""
    decoder = PageDecoder()
    raw = [decoder.decode(scan_response(p, spaced=spaced, ascii_only=ascii_only)).items for p in pages]
    table, columns = typed(raw)
    read = in_parquet(table)
    items = [item for page in pages for item in page]
    assert read.num_rows == len(items)
    assert {column.source for column in columns} == {name for item in items for name in item}
    for column in columns:
        met = [item[column.source] for item in items if column.source in item]
        assert str(column.type) == column_type(met)
        for item, value in zip(items, read.column(column.name).to_pylist(), strict=True):
            source = item.get(column.source, {"NULL": True})
            if column.type.scalar == "json" and source != {"NULL": True}:
                assert rebuilt(value) == source
            else:
                assert value == plain(source, str(column.type))


def canonical(value: Value) -> Value:
    """The DynamoDB value with its numbers as numbers, because widening spells them in plain digits."""
    ((tag, content),) = value.items()
    match tag:
        case "N":
            return {tag: Decimal(content)}
        case "NS":
            return {tag: [Decimal(text) for text in content]}
        case "M":
            return {tag: {key: canonical(member) for key, member in content.items()}}
        case "L":
            return {tag: [canonical(element) for element in content]}
    return value


@at_most(80)
@given(pages=tables())
def test_files_typed_alone_and_widened_equal_the_items(pages: Pages) -> None:
    """Widening each page's own types to what all pages need gives the types and values of the table."""
    decoder = PageDecoder()
    files = [typed([decoder.decode(scan_response(page)).items]) for page in pages]
    columns = unify([own for _, own in files])
    table = pa.concat_tables([cast(rows, own, columns) for rows, own in files])
    items = [item for page in pages for item in page]
    assert table.num_rows == len(items)
    for column in columns:
        met = [item[column.source] for item in items if column.source in item]
        assert str(column.type) == column_type(met)
        for item, value in zip(items, table.column(column.name).to_pylist(), strict=True):
            source = item.get(column.source, {"NULL": True})
            if value is None or source == {"NULL": True}:
                assert (value, source) == (None, {"NULL": True})
            elif column.type.scalar == "json":
                assert canonical(rebuilt(value)) == canonical(source)
            elif column.type.scalar == "number_text":
                assert canonical(dict.fromkeys(source, value)) == canonical(source)
            else:
                assert value == plain(source, str(column.type))
