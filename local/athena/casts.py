"""Trino's casts where DuckDB's take other texts, or make others.

Trino takes no infinite dates, no years before Christ and no ``inf``; it prints all digits of a timestamp's
precision, floating-point values with an exponent, and reals with seven digits at most. As JSON those have all
of their digits, and what is no number is a string. A timestamp's precision is 3 where none is given.
https://trino.io/docs/current/language/types.html, and Trino's RealOperators, DoubleOperators, JsonOperators
"""

import duckdb
import numpy as np
from sqlglot import exp

from local.athena.result import floating

_Type = exp.DataType.Type
_DATE = "[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}"
_FLOAT = "[+-]?(NaN|Infinity|([0-9]+[.]?[0-9]*|[.][0-9]+)([eE][+-]?[0-9]+)?)"
_FLOATS_AS_JSON = {_Type.DOUBLE: "trino_double_json", _Type.FLOAT: "trino_real_json"}
_REAL_DIGITS = 7
_DEFAULT_PRECISION = 3
_MILLISECONDS = exp.DataType.build(f"timestamp({_DEFAULT_PRECISION})")
_MAKE_MILLISECONDS = (exp.StrToTime, exp.Localtimestamp)
_KEEP_PRECISION = (exp.TimestampTrunc, exp.DateTrunc, exp.DateAdd, exp.DateSub)
"""Functions for which DuckDB has microseconds, whatever they are given."""


def install_casts(connection: duckdb.DuckDBPyConnection) -> None:
    """Define the functions that rewritten casts call."""
    connection.create_function("trino_double_text", _double_text, ["DOUBLE"], "VARCHAR")
    connection.create_function("trino_real_text", _real_text, ["FLOAT"], "VARCHAR")
    connection.create_function("trino_double_json", _double_json, ["DOUBLE"], "VARCHAR")
    connection.create_function("trino_real_json", _real_json, ["FLOAT"], "VARCHAR")


def rewritten_cast(cast: exp.Cast) -> exp.Expr:
    """The cast as DuckDB has to be asked for it; itself if it is the same there."""
    given, wanted = cast.this.type, cast.to
    if wanted.this in exp.DataType.TEXT_TYPES:
        return cast if given is None else _text(cast, given)
    if wanted.this is _Type.TIMESTAMP and not wanted.expressions:
        cast = exp.Cast(this=cast.this.copy(), to=_MILLISECONDS.copy())
    is_of_text = given is not None and given.this in exp.DataType.TEXT_TYPES
    pattern = _readable(wanted)
    return _checked(cast, pattern) if is_of_text and pattern else cast


def json_of_float(cast: exp.Cast) -> exp.Expr | None:
    """The cast of a floating-point value to JSON; None if it is one of something else."""
    name = _FLOATS_AS_JSON.get(cast.this.type.this) if cast.this.type is not None else None
    if name is None:
        return None
    return exp.Cast(this=exp.Anonymous(this=name, expressions=[cast.this.copy()]), to=cast.to.copy())


def with_precision(node: exp.Expr) -> exp.Expr:
    """The function's value as precise as Trino's; itself if it is already."""
    if isinstance(node, _MAKE_MILLISECONDS):
        return exp.Cast(this=node.copy(), to=_MILLISECONDS.copy())
    if isinstance(node, _KEEP_PRECISION) and node.this.is_type(_Type.TIMESTAMP):
        return exp.Cast(this=node.copy(), to=exp.DataType.build(f"timestamp({_precision(node.this.type)})"))
    return node


def _text(cast: exp.Cast, given: exp.DataType) -> exp.Expr:
    value = cast.this.copy()
    match given.this:
        case _Type.DOUBLE:
            return exp.Anonymous(this="trino_double_text", expressions=[value])
        case _Type.FLOAT:
            return exp.Anonymous(this="trino_real_text", expressions=[value])
        case _Type.TIMESTAMP:
            precision = _precision(given)
            fraction = ".%f" if precision > _DEFAULT_PRECISION else ".%g" if precision else ""
            form = exp.Literal.string(f"%Y-%m-%d %H:%M:%S{fraction}")
            return exp.Anonymous(this="strftime", expressions=[value, form])
        case _Type.DECIMAL if _has_no_whole_digits(given):
            # DuckDB leaves out the zero before the point where no other digit can stand there.
            arguments = [exp.cast(value, "text"), *map(exp.Literal.string, ("^(-?)[.]", r"\10."))]
            return exp.Anonymous(this="regexp_replace", expressions=arguments)
        case _:
            return cast


def _readable(wanted: exp.DataType) -> str | None:
    """What texts that DuckDB casts as Trino does look like; None for types of which all are.

    Trino would round further digits of a timestamp, DuckDB cuts them off.
    """
    match wanted.this:
        case _Type.DATE:
            return _DATE
        case _Type.TIMESTAMP:
            digits = _precision(wanted)
            fraction = f"([.][0-9]{{1,{digits}}})?" if digits else ""
            return f"{_DATE}( [0-9]{{1,2}}:[0-9]{{1,2}}(:[0-9]{{1,2}}{fraction})?)?"
        case _Type.DOUBLE | _Type.FLOAT:
            return _FLOAT
        case _:
            return None


def _checked(cast: exp.Cast, pattern: str) -> exp.Expr:
    """A text that Trino does not take is made one that DuckDB does not take."""
    text = cast.this
    is_taken = exp.Anonymous(this="regexp_full_match", expressions=[text.copy(), exp.Literal.string(pattern)])
    refused = exp.DPipe(this=exp.Literal.string("not for Trino: "), expression=text.copy())
    taken = exp.Case(ifs=[exp.If(this=is_taken, true=text.copy())], default=refused)
    return exp.Cast(this=taken, to=cast.to.copy())


def _has_no_whole_digits(decimal: exp.DataType) -> bool:
    digits = [digit.name for digit in decimal.expressions]
    return len(digits) > 1 and digits[0] == digits[1]


def _precision(kind: exp.DataType | None) -> int:
    return int(kind.expressions[0].name) if kind and kind.expressions else _DEFAULT_PRECISION


def _double_text(value: float) -> str:
    return _with_exponent(value, None)


def _real_text(value: float) -> str:
    return _with_exponent(float(floating(np.float32(value))), _REAL_DIGITS - 1)


def _with_exponent(value: float, most_digits: int | None) -> str:
    if not np.isfinite(value):
        return floating(value)
    if not value:
        return "-0E0" if np.signbit(value) else "0E0"
    text = np.format_float_scientific(value, precision=most_digits, trim="0", exp_digits=1)
    return text.replace("e+", "E").replace("e", "E")


def _double_json(value: float) -> str:
    return floating(value) if np.isfinite(value) else f'"{floating(value)}"'


def _real_json(value: float) -> str:
    return floating(np.float32(value)) if np.isfinite(value) else f'"{floating(value)}"'
