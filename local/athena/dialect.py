"""Trino's SQL in DuckDB's: what sqlglot leaves to do after it transpiles.

Functions whose meaning differs are replaced by ``trino_*`` functions that ``install_functions`` defines.
"""

import json
import re
from typing import Any

import duckdb
from duckdb.func import FunctionNullHandling
from sqlglot import exp

from local.athena.casts import install_casts, json_of_float, rewritten_cast, with_precision

_PATH_STEP = re.compile(r"\.([A-Za-z_][\w-]*)|\[(\d+)\]|\[[\"']([^\"']+)[\"']\]|\.\"([^\"]+)\"")


def install_functions(connection: duckdb.DuckDBPyConnection) -> None:
    """Define the ``trino_*`` functions that rewritten queries call."""
    connection.create_function(
        "trino_json_extract_scalar",
        _json_extract_scalar,
        ["VARCHAR", "VARCHAR"],
        "VARCHAR",
        null_handling=FunctionNullHandling.SPECIAL,
    )
    connection.create_function("trino_json_sorted", _json_sorted, ["VARCHAR"], "VARCHAR")
    install_casts(connection)
    connection.execute(
        "CREATE MACRO trino_json_array_length(j) AS "
        "CASE json_type(j) WHEN 'ARRAY' THEN json_array_length(j)::BIGINT END"
    )
    connection.execute(
        "CREATE MACRO trino_json_size(j, p) AS CASE json_type(json_extract(j, p)) "
        "WHEN 'ARRAY' THEN json_array_length(json_extract(j, p))::BIGINT "
        "WHEN 'OBJECT' THEN len(json_keys(json_extract(j, p)))::BIGINT ELSE 0 END"
    )


def for_duckdb(query: exp.Expr) -> exp.Expr:
    """Rewrite a qualified, typed Trino query where DuckDB would answer otherwise."""
    root = exp.Subquery(this=query.copy())
    for node in reversed(list(root.walk(bfs=False))):  # what is inside is rewritten first
        changed = _rewritten(node)
        if changed is not node:
            node.replace(changed)
    rewritten: exp.Expr = root.this
    return rewritten


def _rewritten(node: exp.Expr) -> exp.Expr:
    if (json_function := _of_json(node)) is not None:
        return json_function
    if type(node) is exp.Cast:
        return rewritten_cast(node)
    if _is_whole_aggregate(node) and not isinstance(node.parent, exp.Cast | exp.Window | exp.Filter):
        return exp.cast(node.copy(), "bigint")  # DuckDB widens it to 128 bits, Trino does not
    if isinstance(node, exp.Anonymous):
        return _anonymous(node)
    return with_precision(node)


def _of_json(node: exp.Expr) -> exp.Expr | None:
    if isinstance(node, exp.JSONExtractScalar):
        return exp.Anonymous(this="trino_json_extract_scalar", expressions=[_as_text(node.this), _path(node)])
    if isinstance(node, exp.Cast) and node.to.this in exp.DataType.TEXT_TYPES and _is_json(node.this):
        # Trino's cast of a JSON string is its text; DuckDB's keeps the quotes.
        path = exp.Literal.string("$")
        return exp.Anonymous(this="trino_json_extract_scalar", expressions=[_as_text(node.this), path])
    if isinstance(node, exp.JSONFormat) and isinstance(node.this, exp.ParseJSON):
        # Trino's json_parse puts the keys of objects in order.
        return exp.Anonymous(this="trino_json_sorted", expressions=[_as_text(node.this.this)])
    if isinstance(node, exp.Cast) and node.to.this is exp.DataType.Type.JSON and not _is_json(node.this):
        # Trino's cast to JSON makes JSON of a text; DuckDB's takes the text for JSON.
        return json_of_float(node) or exp.Anonymous(this="to_json", expressions=[node.this.copy()])
    return None


def _anonymous(node: exp.Anonymous) -> exp.Expr:
    name = node.name.lower()
    if name in {"json_size", "json_array_length"}:
        return exp.Anonymous(this=f"trino_{name}", expressions=node.expressions)
    if name == "at_timezone":
        return exp.AtTimeZone(this=node.expressions[0], zone=node.expressions[1])
    return node


def _is_whole_aggregate(node: exp.Expr) -> bool:
    if isinstance(node, exp.Window | exp.Filter):
        return _is_whole_aggregate(node.this)
    return isinstance(node, exp.CountIf) or (isinstance(node, exp.Sum) and _is_integer(node.this))


def _is_integer(node: exp.Expr) -> bool:
    return node.is_type(*exp.DataType.INTEGER_TYPES)


def _is_json(node: exp.Expr) -> bool:
    return isinstance(node, exp.JSONExtract | exp.ParseJSON)


def _as_text(node: exp.Expr) -> exp.Expr:
    return exp.cast(node.copy(), "text")


def _path(node: exp.Expr) -> exp.Expr:
    path = node.expression
    return (
        exp.Literal.string(path.sql(dialect="trino").strip("'")) if isinstance(path, exp.JSONPath) else path
    )


class _Digits(str):
    """A number in JSON, as it is written."""

    __slots__ = ()


def _json_sorted(text: str) -> str:
    """Trino's ``json_format(json_parse(text))``: keys in order. Digits stay as written, unlike Trino's."""
    return _json_text(json.loads(text, parse_float=_Digits, parse_int=_Digits))


def _json_text(value: Any) -> str:  # noqa: ANN401 - any JSON value
    if isinstance(value, dict):
        entries = (f"{json.dumps(key)}:{_json_text(value[key])}" for key in sorted(value))
        return "{" + ",".join(entries) + "}"
    if isinstance(value, list):
        return "[" + ",".join(map(_json_text, value)) + "]"
    return str(value) if isinstance(value, _Digits) else json.dumps(value, ensure_ascii=False)


def _json_extract_scalar(text: str | None, path: str | None) -> str | None:
    """Trino's json_extract_scalar: digits as written, nothing for objects, arrays and null."""
    if text is None or path is None:
        return None
    try:
        value: Any = json.loads(text, parse_float=str, parse_int=str)
    except ValueError:
        return None
    for step in _PATH_STEP.finditer(path):
        name = step[1] or step[3] or step[4]
        if name is not None:
            value = value.get(name) if isinstance(value, dict) else None
        else:
            value = value[int(step[2])] if isinstance(value, list) and int(step[2]) < len(value) else None
    if isinstance(value, bool):
        return "true" if value else "false"
    return value if isinstance(value, str) else None
