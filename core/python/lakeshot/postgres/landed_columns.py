"""What the database itself writes for each column, so that its files are those Lakeshot would write as CSV.

A field's text is as ``lakeshot.files.csv_lines`` has it: nothing in it can be taken for the file's own, so
that no line break, delimiter or quote of a value is one of the file.
"""

from collections.abc import Mapping, Sequence

from lakeshot.columns.types import BOOLEAN, JSON, STRING, Column, Scalar, widen
from lakeshot.files.csv_lines import encoded_characters
from lakeshot.lake.sql import identifier, literal
from lakeshot.postgres.column_types import Decoding, ReadColumn

_SAME_TEXT = (Scalar.DECIMAL, Scalar.NUMBER_TEXT, Scalar.DATE_TEXT, Scalar.TIMESTAMP_TEXT)
"""Types whose values are the very texts that narrower values were before."""
_NOTHING = "NULL"


def landed_known(known: Sequence[Column], reads: Sequence[ReadColumn]) -> tuple[Column, ...]:
    """Columns of earlier snapshots, of the types that files have which nobody writes anew.

    Where values of an earlier type would have to be spelt another way, the declared type takes its place.
    """
    declared = {read.column.source: read.column.type for read in reads}
    return tuple(
        column
        if column.source not in declared
        or (column.type.scalar in _SAME_TEXT and widen(declared[column.source], column.type) == column.type)
        else column.model_copy(update={"type": declared[column.source]})
        for column in known
    )


def landed_columns(
    columns: Sequence[Column], reads: Sequence[ReadColumn], delimiter: str
) -> tuple[ReadColumn, ...]:
    """What is selected for each of a snapshot's columns, in its place; NULL for what is no more."""
    by_source = {read.column.source: read for read in reads}
    return tuple(_landed(column, by_source.get(column.source), delimiter) for column in columns)


def binary_columns(reads: Sequence[ReadColumn]) -> tuple[ReadColumn, ...]:
    """What is selected for PostgreSQL's binary format: every column as it is."""
    return tuple(
        read.model_copy(
            update={
                "expression": f"{identifier(read.column.source)} AS {identifier(read.column.name)}",
                "decoding": Decoding.AS_IS,
            }
        )
        for read in reads
    )


def _landed(column: Column, read: ReadColumn | None, delimiter: str) -> ReadColumn:
    name = identifier(column.name)
    if read is None:
        return ReadColumn(column=column, expression=f"{_NOTHING} AS {name}")
    decoding = _DECODINGS.get(read.decoding, read.decoding)
    return ReadColumn(column=column, expression=f"{_field(read, delimiter)} AS {name}", decoding=decoding)


_DECODINGS: Mapping[Decoding, Decoding] = {
    Decoding.TIMESTAMP_IN_UTC: Decoding.TIMESTAMP,
    Decoding.HEX: Decoding.AS_IS,
}
"""What is left to be looked at where the database has done a part of it."""


def _field(read: ReadColumn, delimiter: str) -> str:
    value = read.expression
    match read.decoding:
        case Decoding.TIMESTAMP_IN_UTC:
            return f"{value} AT TIME ZONE 'UTC'"
        case Decoding.HEX:
            return f"pg_catalog.replace(pg_catalog.encode({value}, 'base64'), E'\\n', '')"
        case Decoding.NUMERIC | Decoding.DECIMAL:
            return _digits(f"({value})::pg_catalog.text")
    if read.column.type == BOOLEAN:
        return f"{value}::pg_catalog.text"
    return _encoded(value, delimiter) if read.column.type in (STRING, JSON) else value


def _digits(text: str) -> str:
    """Without zeros at the end of a fraction, as ``lakeshot.postgres.numerics`` has numbers."""
    trimmed = f"pg_catalog.rtrim(pg_catalog.rtrim({text}, '0'), '.')"
    return f"CASE WHEN pg_catalog.strpos({text}, '.') > 0 THEN {trimmed} ELSE {text} END"


def _encoded(value: str, delimiter: str) -> str:
    """The value's own text, as COPY has it: a cast to text would take blanks from char(n).

    A composite that has a null field would not be NOT NULL.
    """
    printed = f"CASE WHEN {value} IS DISTINCT FROM NULL THEN pg_catalog.concat({value}) END"
    text = f'({printed} COLLATE pg_catalog."C")'
    characters = encoded_characters(delimiter)
    replaced = text
    for character, code in characters.items():
        replaced = f"pg_catalog.replace({replaced}, {_constant(character)}, {literal(code)})"
    any_of = _constant(f"[{''.join(map(_in_class, characters))}]")
    return f"CASE WHEN {text} ~ {any_of} THEN {replaced} ELSE {text} END"


def _in_class(character: str) -> str:
    return f"\\{character}" if character in "\\^" else character


def _constant(text: str) -> str:
    """A text of SQL that has no character which a log or a terminal would not show."""
    escaped = text.replace("\\", "\\\\").replace("'", "''")
    for character, code in {"\n": "\\n", "\r": "\\r", "\t": "\\t", "\x01": "\\x01"}.items():
        escaped = escaped.replace(character, code)
    return f"E'{escaped}'"
