"""Kinds of PostgreSQL columns: what to insert, and what files are to hold of what the server then prints."""

import json
import re
from collections.abc import Callable, Sequence
from datetime import date
from decimal import Context, Decimal
from typing import Any, NamedTuple

import numpy as np
from hypothesis import strategies as st

SETUP = """
CREATE EXTENSION hstore SCHEMA public;
CREATE TYPE public.mood AS ENUM ('sad', 'o,"k', 'übermütig');
CREATE TYPE public.spot AS (x int, "Y y" text, m int[]);
CREATE DOMAIN public.percent AS numeric(5,2);
CREATE DOMAIN public.share AS public.percent;
CREATE TYPE public.note AS (doc json, at date, docs jsonb[]);
CREATE TYPE public.tagged AS (id int, tags public.hstore);
"""
"""Types that the kinds need beside the server's own."""

Texts = st.SearchStrategy[str]
Value = Callable[[str], object]
_DIGITS = Context(prec=99)


def _same(text: str) -> str:
    return text


class Kind(NamedTuple):
    """Columns of one declaration.

    ``value`` makes of the server's text the value that files hold in the ``narrow`` type, which all columns
    have but those with a text that does not ``fit``. In the ``wide`` one, values are texts, of which
    ``wide_value`` says how. ``nested`` ones are JSON, which the server is to take for the very value,
    by way of another type if need be (``through``).
    """

    declared: str
    texts: Texts
    narrow: str
    value: Value = _same
    fits: Callable[[str], bool] = lambda _: True
    wide: str = ""
    wide_value: Value = _same
    nested: bool = False
    through: str = ""
    since: int = 13

    def logical(self, printed: Sequence[str | None]) -> str:
        """The type of a column in which the server printed these."""
        return self.narrow if self._fit(printed) else self.wide

    def values(self, printed: Sequence[str | None]) -> list[object]:
        """What files hold of them."""
        value = self.value if self._fit(printed) else self.wide_value
        return [None if text is None else value(text) for text in printed]

    def _fit(self, printed: Sequence[str | None]) -> bool:
        return all(self.fits(text) for text in printed if text is not None)


def _digits(text: str) -> str:
    return text.rstrip("0").rstrip(".") if "." in text else text


def _number(text: str) -> Decimal:
    return Decimal(text).normalize(_DIGITS)


def _money(text: str) -> Decimal:
    return _number(re.sub("[$,]", "", text))


def _is_decimal(text: str) -> bool:
    whole, _, fraction = text.lstrip("-").partition(".")
    return whole.isdigit() and len(whole) <= 20 and len(fraction.rstrip("0")) <= 18


def _without_zone(text: str) -> str:
    return text.replace("+00", "", 1)


def _is_usual(text: str) -> bool:
    return re.match(r"\d{4}-", text) is not None and not text.endswith("BC")


def _is_day(text: str) -> bool:
    return _is_usual(text) and text >= "1582-10-15"


def _quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


@st.composite
def arrays(draw: st.DrawFn, elements: Texts) -> str:
    """The text of an array of up to three dimensions, from any index on."""
    sizes = draw(st.lists(st.integers(1, 3), max_size=3))
    if not sizes:
        return "{}"
    element = st.just("NULL") | elements.map(_quoted)

    def nested(depth: int) -> str:
        if depth == len(sizes):
            return draw(element)
        return "{" + ",".join(nested(depth + 1) for _ in range(sizes[depth])) + "}"

    lowest = [draw(st.sampled_from([1, 1, 1, 0, -5, 7])) for _ in sizes]
    bounds = "".join(f"[{low}:{low + size - 1}]" for low, size in zip(lowest, sizes, strict=True))
    return f"{bounds}={nested(0)}"


def _composite(fields: Sequence[str | None]) -> str:
    return "(" + ",".join("" if text is None else _quoted(text) for text in fields) + ")"


def _hstore(pairs: dict[str, str]) -> str:
    return ", ".join(f"{_quoted(key)}=>{_quoted(value)}" for key, value in pairs.items())


def _multirange(spans: list[str]) -> str:
    return "{" + ",".join(spans) + "}"


def _span(first: int, length: int) -> str:
    return f"[{first},{first + length})"


def ranges(bounds: st.SearchStrategy[Any]) -> Texts:
    """The text of a range between two of these, which may be one and the same."""
    return st.tuples(bounds, bounds).map(lambda two: '["{}","{}")'.format(*sorted(two)))


def _float(value: float) -> str:
    return repr(value).replace("inf", "Infinity")


def decimals(bound: int, places: int | None = None) -> Texts:
    """Numbers up to a bound, in plain digits."""
    return st.decimals(-bound, bound, places=places).map("{:f}".format)


def array(declared: str, elements: Texts, through: str = "") -> Kind:
    return Kind(declared, arrays(elements), "json", nested=True, through=through)


ODD = (
    "",
    "\\N",
    "\\.",
    '"',
    ",",
    "\n",
    "\r\n",
    "\ufeff",
    " ",
    "NaN",
    "null",
    "{}",
    "[0:0]={1}",
    "é😀",
    "NULL",
)
TEXT = (
    st.sampled_from(ODD)
    | st.text(st.sampled_from("\\\\\\\b\f\n\r\t\vbfnrtvN.x01"), max_size=12)
    | st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=12)
)
"""Some are full of what COPY escapes, and of what its escapes are made of."""
WHOLE = st.integers(-(2**63), 2**63 - 1).map(str)
TRUTH = st.sampled_from(["true", "false"])
NUMBER = decimals(10**21) | decimals(9999, 4) | st.integers(-(10**39), 10**39).map(str)
ODD_NUMBER = st.sampled_from(
    ["NaN", "0.0000000000000000001", "1.10", "1.1000000000000000000", "9" * 20, "1" + 20 * "0"]
)
DAY = st.dates(min_value=date(1582, 10, 15)).map(date.isoformat)
ODD_DAY = st.dates(max_value=date(1582, 10, 14)).map(date.isoformat) | st.sampled_from(
    ["infinity", "-infinity", "0044-03-15 BC", "5874897-12-31", "10000-01-01"]
)
MOMENT = st.datetimes().map(str)
ODD_MOMENT = st.sampled_from(
    ["infinity", "-infinity", "0044-03-15 01:02:03.5 BC", "294276-12-31 00:00:00", "10000-01-01"]
)
FLOAT = st.floats().map(_float)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=5,
).map(json.dumps)
SPAN = st.builds(_span, st.integers(-99, 99), st.integers(0, 9))
EDGES = st.integers(-(10**30), 10**30).map(Decimal) | st.decimals(-9999, 9999, places=4)
ADDRESS = st.ip_addresses().map(str)
SPOT = st.tuples(
    st.none() | st.integers(-99, 99).map(str),
    st.none() | TEXT,
    st.none() | arrays(st.integers(0, 9).map(str)),
).map(_composite)
MOOD = st.sampled_from(["sad", 'o,"k', "übermütig"])
BYTES = st.binary(max_size=9).map(lambda value: "\\x" + value.hex())
HSTORE = st.dictionaries(TEXT, TEXT, max_size=2).map(_hstore)
NOTE = st.tuples(st.none() | JSON, st.none() | DAY | ODD_DAY, st.none() | arrays(JSON)).map(_composite)
TAGGED = st.tuples(st.none() | st.integers(-99, 99).map(str), st.none() | HSTORE).map(_composite)
TIMEDELTA = st.timedeltas().map(lambda delta: f"{delta.days} days {delta.microseconds} microseconds")

_numeric = Kind("numeric", NUMBER, "decimal(38,18)", _number, _is_decimal, "number_text", _digits)
_date = Kind("date", DAY, "date", date.fromisoformat, _is_day, "date_text")
_timestamp = Kind("timestamp", MOMENT, "timestamp(6)", _same, _is_usual, "timestamp_text")
_timestamptz = _timestamp._replace(declared="timestamptz", value=_without_zone, wide_value=_without_zone)
_declared = _numeric._replace(declared="numeric(9,3)", texts=decimals(99999, 4), narrow="decimal(9,3)")

KINDS = (
    Kind("smallint", st.integers(-(2**15), 2**15 - 1).map(str), "bigint", int),
    Kind("integer", st.integers(-(2**31), 2**31 - 1).map(str), "bigint", int),
    Kind("bigint", WHOLE, "bigint", int),
    Kind("oid", st.integers(0, 2**32 - 1).map(str), "bigint", int),
    _declared,
    _declared._replace(texts=decimals(99999, 4) | st.just("NaN")),
    Kind("public.share", decimals(999, 2), "decimal(5,2)", _number),
    Kind("numeric(60,20)", NUMBER, "number_text", _digits),
    _numeric,
    _numeric._replace(texts=decimals(9999, 3)),
    _numeric._replace(texts=decimals(9999, 3) | ODD_NUMBER),
    Kind(
        "money",
        st.integers(-(2**63) + 1, 2**63 - 1).map(lambda n: f"{Decimal(n) / 100:f}"),
        "decimal(38,18)",
        _money,
    ),
    Kind("double precision", FLOAT, "double", float),
    Kind("real", st.floats(width=32).map(_float), "real", lambda text: float(np.float32(text))),
    Kind("boolean", TRUTH, "boolean", {"t": True, "f": False}.__getitem__),
    Kind("text", TEXT, "string"),
    Kind("varchar(12)", TEXT, "string"),
    Kind("char(14)", TEXT, "string"),
    Kind("name", TEXT, "string"),
    Kind(
        "bytea",
        BYTES,
        "binary",
        lambda text: bytes.fromhex(text[2:]),
    ),
    _date,
    _date._replace(texts=DAY | st.dates().map(date.isoformat)),
    _date._replace(texts=DAY | ODD_DAY),
    _timestamp,
    _timestamp._replace(texts=MOMENT | ODD_MOMENT),
    _timestamptz,
    _timestamptz._replace(texts=MOMENT | ODD_MOMENT),
    Kind("time", st.times().map(str), "string"),
    Kind("timetz", st.times().map("{}+05:30".format), "string"),
    Kind("interval", TIMEDELTA, "string"),
    Kind("uuid", st.uuids().map(str), "string"),
    Kind("inet", ADDRESS, "string"),
    Kind("bit(3)", st.text("01", min_size=3, max_size=3), "string"),
    Kind("bit varying", st.text("01", max_size=9), "string"),
    Kind("json", JSON, "json"),
    Kind("jsonb", JSON, "json"),
    Kind("public.mood", MOOD, "string"),
    Kind("int8range", SPAN, "string"),
    Kind("numrange", ranges(EDGES), "string"),
    Kind("daterange", ranges(st.dates()), "string"),
    Kind("tstzrange", ranges(st.datetimes()), "string"),
    Kind("int8multirange", st.lists(SPAN, max_size=3).map(_multirange), "string", since=14),
    Kind("public.hstore", HSTORE, "string"),
    Kind("public.hstore[]", arrays(HSTORE), "string"),
    Kind("public.tagged", TAGGED, "string"),
    array("bigint[]", WHOLE),
    array("text[]", TEXT),
    array("numeric[]", NUMBER | ODD_NUMBER),
    array("double precision[]", FLOAT),
    array("boolean[]", TRUTH),
    array("timestamptz[]", MOMENT | ODD_MOMENT),
    array("date[]", DAY | ODD_DAY),
    array("interval[]", TIMEDELTA),
    array("bytea[]", BYTES),
    array("public.mood[]", MOOD),
    array("json[]", JSON, through="text[]"),
    array("jsonb[]", JSON, through="text[]"),
    array("public.note[]", NOTE, through="text[]"),
    Kind("public.note", NOTE, "json", nested=True, through="text"),
    array("public.spot[]", SPOT),
    Kind("public.spot", SPOT, "json", nested=True),
)
