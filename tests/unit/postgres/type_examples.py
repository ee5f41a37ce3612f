"""The types of docs/types.md, each with texts that PostgreSQL takes for values and what they become."""

from datetime import date
from decimal import Decimal
from typing import NamedTuple

SETUP = """
CREATE EXTENSION citext SCHEMA public;
CREATE EXTENSION hstore SCHEMA public;
CREATE TYPE public.mood AS ENUM ('sad', 'o,"k', 'übermütig');
CREATE TYPE public.spot AS (x int, "Y y" text, at timestamptz, m int[]);
CREATE DOMAIN public.percent AS numeric(5,2) CHECK (VALUE >= 0);
CREATE DOMAIN public.share AS public.percent;
CREATE DOMAIN public.ids AS int[];
CREATE DOMAIN public.place AS public.spot;
CREATE TYPE public.span AS RANGE (subtype = public.mood);
CREATE DOMAIN public.doc AS json;
CREATE TYPE public.note AS (doc public.doc, at date);
CREATE TYPE public.noted AS (id int, notes public.note[]);
CREATE TYPE public.tagged AS (id int, tags public.hstore);
CREATE TYPE public.rank AS ENUM ('low');
CREATE FUNCTION public.json_of(public.rank) RETURNS json LANGUAGE sql AS $$ SELECT 'null'::json $$;
CREATE CAST (public.rank AS json) WITH FUNCTION public.json_of(public.rank);
CREATE TYPE public.ranked AS (rank public.rank);
"""
"""What the examples need beside the server's own types."""


class Example(NamedTuple):
    """One row of the documented table: a column's declaration, texts to insert, and what files hold."""

    row: str
    declared: str
    texts: tuple[str, ...]
    logical: str
    values: tuple[object, ...]
    since: int = 13
    is_unknown: bool = False


def same(row: str, declared: str, *texts: str, logical: str = "string", since: int = 13) -> Example:
    """Texts that are what they are."""
    return Example(row, declared, texts, logical, texts, since)


def unknown(row: str, declared: str, *texts: str) -> Example:
    """Texts of a type nobody has met."""
    return Example(row, declared, texts, "string", texts, is_unknown=True)


INF, NAN = float("inf"), float("nan")
D = Decimal
EXAMPLES = (
    Example("smallint", "smallint", ("-32768", "32767"), "bigint", (-32768, 32767)),
    Example("integer", "integer", ("-2147483648", "2147483647"), "bigint", (-(2**31), 2**31 - 1)),
    Example("bigint", "bigint", ("-9223372036854775808", "0"), "bigint", (-(2**63), 0)),
    Example("oid", "oid", ("4000000000", "0"), "bigint", (4000000000, 0)),
    Example(
        "numeric(p,s)",
        "numeric(10,2)",
        ("-1.50", "12345678.9"),
        "decimal(10,2)",
        (D("-1.50"), D("12345678.90")),
    ),
    Example("numeric(p,s)", "numeric(38,0)", ("9" * 38, "-1"), "decimal(38,0)", (D("9" * 38), D(-1))),
    Example(
        "numeric(p,s)", "numeric(38,38)", (f"0.{'9' * 38}", "0"), "decimal(38,38)", (D(f"0.{'9' * 38}"), D(0))
    ),
    Example(
        "numeric(p,s) with NaN", "numeric(10,2)", ("NaN", "1.50", "7"), "number_text", ("NaN", "1.5", "7")
    ),
    Example(
        "numeric(p,s), p over 38",
        "numeric(50,3)",
        ("1.500", "9" * 47, "NaN"),
        "number_text",
        ("1.5", "9" * 47, "NaN"),
    ),
    Example(
        "numeric(p,s), s under 0 or over p",
        "numeric(3,-2)",
        ("12345", "-100"),
        "decimal(38,18)",
        (D(12300), D(-100)),
        since=15,
    ),
    Example(
        "numeric(p,s), s under 0 or over p",
        "numeric(2,4)",
        ("0.0012", "-0.0099"),
        "decimal(38,18)",
        (D("0.0012"), D("-0.0099")),
        since=15,
    ),
    Example(
        "numeric",
        "numeric",
        ("1.50", f"{'9' * 20}.{'9' * 18}", "-99999999999999999999"),
        "decimal(38,18)",
        (D("1.5"), D(f"{'9' * 20}.{'9' * 18}"), D("-99999999999999999999")),
    ),
    Example(
        "numeric with more digits",
        "numeric",
        ("340282366920938463804", "1.50", "100"),
        "number_text",
        ("340282366920938463804", "1.5", "100"),
    ),
    Example(
        "numeric with more digits",
        "numeric",
        ("0.0000000000000000001", "-0.5"),
        "number_text",
        ("0.0000000000000000001", "-0.5"),
    ),
    Example(
        "numeric with more digits",
        "numeric",
        ("NaN", "-1234567890.10"),
        "number_text",
        ("NaN", "-1234567890.1"),
    ),
    Example(
        "numeric with more digits",
        "numeric",
        ("Infinity", "-Infinity", "1"),
        "number_text",
        ("Infinity", "-Infinity", "1"),
        since=14,
    ),
    Example(
        "money",
        "money",
        ("-92233720368547758.08", "1.50"),
        "decimal(38,18)",
        (D("-92233720368547758.08"), D("1.5")),
    ),
    Example(
        "double precision",
        "double precision",
        ("-0", "NaN", "Infinity", "-Infinity", "5e-324", "0.1"),
        "double",
        (-0.0, NAN, INF, -INF, 5e-324, 0.1),
    ),
    Example(
        "real",
        "real",
        ("-0", "NaN", "Infinity", "1e-45", "3.4028235e38"),
        "real",
        (-0.0, NAN, INF, 1.401298464324817e-45, 3.4028234663852886e38),
    ),
    Example("boolean", "boolean", ("true", "false"), "boolean", (True, False)),
    same("text", "text", "", "\\N", "\\.", 'a,"b"', "line\nend\r\n", "a\tb\\t", " NaN ", "\ufeffmark", "😀"),
    same("varchar(n)", "varchar(20)", "", "naïve, "),
    Example("char(n)", "char(4)", ("ab", ""), "string", ("ab  ", "    ")),
    same("name", "name", "pg_class", ""),
    same('"char"', '"char"', "a", ""),
    Example(
        "uuid",
        "uuid",
        ("A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11",),
        "string",
        ("a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11",),
    ),
    same("inet", "inet", "192.168.0.1/24", "::1"),
    same("cidr", "cidr", "192.168.0.0/24", "2001:db8::/32"),
    same("macaddr", "macaddr", "08:00:2b:01:02:03"),
    same("macaddr8", "macaddr8", "08:00:2b:01:02:03:04:05"),
    same("bit(n)", "bit(3)", "101", "000"),
    same("bit varying(n)", "bit varying", "", "0101"),
    Example("bytea", "bytea", ("\\x", "\\x00ff5c0a"), "binary", (b"", b"\x00\xff\\\n")),
    Example(
        "date",
        "date",
        ("1582-10-15", "9999-12-31"),
        "date",
        (date(1582, 10, 15), date(9999, 12, 31)),
    ),
    same(
        "date beyond those days",
        "date",
        "infinity",
        "-infinity",
        "0044-03-15 BC",
        "10000-01-01",
        "0001-01-01",
        "1582-10-14",
        "2026-11-22",
        logical="date_text",
    ),
    same(
        "timestamp", "timestamp", "0001-01-01 00:00:00", "9999-12-31 23:59:59.999999", logical="timestamp(6)"
    ),
    same(
        "timestamp beyond those years",
        "timestamp",
        "infinity",
        "-infinity",
        "0044-03-15 00:00:00 BC",
        "10000-01-01 00:00:00.5",
        logical="timestamp_text",
    ),
    Example(
        "timestamptz",
        "timestamptz",
        ("2026-11-22 09:05:00.25+01", "2026-11-22 09:05:00Z"),
        "timestamp(6)",
        ("2026-11-22 08:05:00.25", "2026-11-22 09:05:00"),
    ),
    Example(
        "timestamptz beyond those years",
        "timestamptz",
        ("infinity", "0044-03-15 00:00:00+00 BC", "2026-11-22 09:05:00Z"),
        "timestamp_text",
        ("infinity", "0044-03-15 00:00:00 BC", "2026-11-22 09:05:00"),
    ),
    same("time", "time", "23:59:59.999999", "24:00:00"),
    same("timetz", "timetz", "23:59:59.5+05:30", "00:00:00-12"),
    Example(
        "interval",
        "interval",
        ("1 year 2 months 3 days 04:05:06.7", "-1 second", "0"),
        "string",
        ("P1Y2M3DT4H5M6.7S", "PT-1S", "PT0S"),
    ),
    same("json", "json", '{"a" : 1.50,  "a":2}', "null", '"\\u00e9"', logical="json"),
    Example(
        "jsonb", "jsonb", ('{"b": 1.50, "a": [1e2]}', "null"), "json", ('{"a": [100], "b": 1.50}', "null")
    ),
    same("jsonpath", "jsonpath", '$."a"[*]'),
    same("xml", "xml", "<a>é</a>"),
    Example(
        "array",
        "int[]",
        ("{1,NULL,-3}", "{}", "{{1,2},{3,4}}"),
        "json",
        ("[1,null,-3]", "[]", "[[1,2],[3,4]]"),
    ),
    Example("array", "text[]", ('{"a,\\"b\\"",NULL,"null",""}',), "json", ('["a,\\"b\\"",null,"null",""]',)),
    Example("array", "numeric[]", ("{1.50,NaN}",), "json", ('[1.50,"NaN"]',)),
    Example(
        "array",
        "timestamptz[]",
        ('{"2026-11-22 09:05:00.25+01"}',),
        "json",
        ('["2026-11-22T08:05:00.25+00:00"]',),
    ),
    Example("array", "public.mood[]", ("{sad,übermütig}",), "json", ('["sad","übermütig"]',)),
    Example(
        "array from another index than 1", "int[]", ("[0:1]={7,8}", "{9}"), "json", ('"[0:1]={7,8}"', "[9]")
    ),
    Example(
        "array from another index than 1",
        "public.spot[]",
        ('{"(1,a,,[2:2]={3})"}',),
        "json",
        ('"{\\"(1,a,,[2:2]={3})\\"}"',),
    ),
    Example(
        "composite",
        "public.spot",
        ('(1,"a,b",2026-11-22 09:05:00Z,"{1,2}")', "(,,,)"),
        "json",
        (
            '{"x":1,"Y y":"a,b","at":"2026-11-22T09:05:00+00:00","m":[1,2]}',
            '{"x":null,"Y y":null,"at":null,"m":null}',
        ),
    ),
    Example("composite", "public.spot", ("(1,a,,[0:0]={5})",), "json", ('"(1,a,,[0:0]={5})"',)),
    Example(
        "array that holds json",
        "jsonb[]",
        ('{"null",NULL,"{\\"a\\": 1}"}', "{{1,2}}", '{"[1, 2]"}', "[0:0]={1}"),
        "json",
        ('["null",null,"{\\"a\\": 1}"]', '[["1","2"]]', '["[1, 2]"]', '"[0:0]={1}"'),
    ),
    Example(
        "array that holds json",
        "public.doc[]",
        ('{"{ \\"a\\":1.50}"}',),
        "json",
        ('["{ \\"a\\":1.50}"]',),
    ),
    Example(
        "array that holds json",
        "public.note[]",
        ('{"(null,)","(,)"}',),
        "json",
        ('["(null,)","(,)"]',),
    ),
    Example(
        "composite that holds json",
        "public.note",
        ("(null,2026-11-22)", "(,)"),
        "json",
        ('"(null,2026-11-22)"', '"(,)"'),
    ),
    Example(
        "composite that holds json",
        "public.noted",
        ('(1,"{""(null,)"",""(,)""}")',),
        "json",
        ('"(1,\\"{\\"\\"(null,)\\"\\",\\"\\"(,)\\"\\"}\\")"',),
    ),
    same("enum", "public.mood", "sad", 'o,"k', "übermütig"),
    Example("domain", "public.percent", ("99.50",), "decimal(5,2)", (D("99.50"),)),
    Example("domain", "public.share", ("99.50", "1"), "decimal(5,2)", (D("99.50"), D("1.00"))),
    Example("domain", "public.ids", ("{1,2}",), "json", ("[1,2]",)),
    Example("domain", "public.place", ("(1,a,,)",), "json", ('{"x":1,"Y y":"a","at":null,"m":null}',)),
    Example("range", "int4range", ("[1,5]", "empty", "(,)"), "string", ("[1,6)", "empty", "(,)")),
    same("range", "tstzrange", '["2026-11-22 09:05:00+00",infinity)'),
    same("range", "public.span", "[sad,übermütig)"),
    same("multirange", "int4multirange", "{[1,6),[8,9)}", "{}", since=14),
    same("tsvector", "tsvector", "'a':1A 'b'"),
    same("tsquery", "tsquery", "'a' & 'b'"),
    same("point", "point", "(0.1,-2)"),
    same("line", "line", "{1,2,3}"),
    same("lseg", "lseg", "[(1,2),(3,4)]"),
    same("box", "box", "(3,4),(1,2)"),
    same("path", "path", "((1,2),(3,4))", "[(1,2),(3,4)]"),
    same("polygon", "polygon", "((1,2),(3,4),(5,6))"),
    same("circle", "circle", "<(1,2),3>"),
    same("pg_lsn", "pg_lsn", "16/B374D848"),
    same("pg_snapshot", "pg_snapshot", "10:20:10,14,15"),
    same("txid_snapshot", "txid_snapshot", "10:20:10,14,15"),
    same("tid", "tid", "(4294967295,65535)"),
    same("xid", "xid", "4294967295"),
    same("xid8", "xid8", "18446744073709551615"),
    same("cid", "cid", "7"),
    Example("reg…", "regtype", ("int4",), "string", ("integer",)),
    same("reg…", "regclass", "pg_class"),
    same("int2vector", "int2vector", "1 2"),
    same("oidvector", "oidvector", "1 2"),
    same("refcursor", "refcursor", "c"),
    same("aclitem", "aclitem", "=r/postgres"),
    unknown("any other", "public.citext", "Straße", ""),
    unknown("any other", "public.hstore", '"a"=>"1", "b"=>NULL'),
    unknown("any other", "public.rank[]", "{low,NULL}"),
    unknown("any other", "public.ranked", "(low)", "()"),
    unknown("any other", "public.citext[]", "{Straße,NULL}"),
    unknown("any other", "public.hstore[]", '{"\\"a\\"=>\\"1\\""}', "[0:0]={NULL}"),
    unknown("any other", "public.tagged", '(1,"""a""=>NULL")', "(1,)", "(,)"),
    unknown("any other", "public.tagged[]", '{"(1,)"}'),
)
