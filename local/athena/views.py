"""Views in the form Athena keeps them in Glue: a VIRTUAL_VIEW with base64 JSON, types in Trino's spelling.

AWS does not document the form; it is Trino's HiveViewCodec and what existing tools read and write.
"""

import base64
import binascii
import json
import re

import pyarrow as pa
from pydantic import BaseModel, ValidationError

from local.athena.errors import QueryError
from local.lake.catalog import Column, Storage, Table
from local.lake.hive_types import hive_type, trino_type

_PREFIX, _SUFFIX = "/* Presto View: ", " */"
MAX_VIEW_TEXT_CHARACTERS = 409_600
_WIDER = {
    "tinyint": {"smallint", "integer", "bigint"},
    "smallint": {"integer", "bigint"},
    "integer": {"bigint"},
    "real": {"double"},
}


class ViewColumn(BaseModel, frozen=True):
    """One column of a view; ``type`` is Trino's spelling."""

    name: str
    type: str


class ViewDefinition(BaseModel, frozen=True):
    """What a view's text holds. Names without a database in ``originalSql`` belong to ``schema``."""

    originalSql: str  # noqa: N815 - the codec's own member names
    catalog: str = "awsdatacatalog"
    schema_: str
    columns: tuple[ViewColumn, ...]


def view_table(name: str, database: str, sql: str, columns: pa.Schema) -> Table:
    """Return the catalog entry of a view over ``sql`` whose result has these columns."""
    definition = {
        "originalSql": sql,
        "catalog": "awsdatacatalog",
        "schema": database,
        "columns": [{"name": field.name, "type": trino_type(field.type)} for field in columns],
    }
    text = _PREFIX + base64.b64encode(json.dumps(definition).encode()).decode() + _SUFFIX
    if len(text) > MAX_VIEW_TEXT_CHARACTERS:
        raise QueryError(
            "GENERIC_USER_ERROR",
            f"the view's text has {len(text)} characters; Glue takes at most {MAX_VIEW_TEXT_CHARACTERS}",
        )
    declared = tuple(Column(name=field.name, type=hive_type(field.type)) for field in columns)
    return Table(
        name=name,
        table_type="VIRTUAL_VIEW",
        parameters={"presto_view": "true", "comment": "Presto View"},
        storage_descriptor=Storage(columns=declared, number_of_buckets=0),
        view_original_text=text,
        view_expanded_text="/* Presto View */",
    )


def view_definition(database: str, table: Table) -> ViewDefinition:
    """Read a view's definition; INVALID_VIEW when its text is not the codec's."""
    text = table.view_original_text or ""
    try:
        document = json.loads(
            base64.b64decode(text.removeprefix(_PREFIX).removesuffix(_SUFFIX), validate=True)
        )
        definition = ViewDefinition.model_validate(document | {"schema_": document["schema"]})
    except (binascii.Error, ValueError, KeyError, TypeError, ValidationError) as error:
        raise QueryError(
            "INVALID_VIEW",
            f"View 'awsdatacatalog.{database}.{table.name}' cannot be decoded: its ViewOriginalText must be "
            f"'{_PREFIX}<base64 of JSON>{_SUFFIX}'",
        ) from error
    if len(definition.columns) != len(table.storage_descriptor.columns):
        raise _stale(database, table.name, "the catalog's columns are not those of its definition")
    return definition


def check_view(database: str, name: str, definition: ViewDefinition, actual: pa.Schema) -> None:
    """Fail with INVALID_VIEW when what the query yields now cannot stand for the view's columns."""
    if len(actual) != len(definition.columns):
        raise _stale(
            database, name, f"it has {len(definition.columns)} columns, its query yields {len(actual)}"
        )
    for position, (declared, field) in enumerate(zip(definition.columns, actual, strict=True)):
        found, wanted = trino_type(field.type), _canonical(declared.type)
        if field.name.lower() != declared.name.lower() or not _coercible(found, wanted):
            raise _stale(
                database,
                name,
                f"column [{field.name}] of type {found} projected from query view at position {position} "
                f"cannot be coerced to column [{declared.name}] of type {declared.type} stored in "
                "view definition",
            )


def _stale(database: str, name: str, why: str) -> QueryError:
    place = f"View 'awsdatacatalog.{database}.{name}'"
    return QueryError("INVALID_VIEW", f"{place} is stale or in invalid state: {why}")


def _canonical(trino: str) -> str:
    text = re.sub(r"varchar\(\d+\)|char\(\d+\)|\bjson\b", "varchar", trino.lower())
    text = re.sub(r"timestamp(?!\()", "timestamp(3)", text)
    text = re.sub(r"decimal\((\d+),\s*(\d+)\)", r"decimal(\1,\2)", text)
    return re.sub(r"\bint\b", "integer", text)


def _coercible(found: str, wanted: str) -> bool:
    if found == wanted or wanted in _WIDER.get(found, ()):
        return True
    narrow, wide = (re.fullmatch(r"decimal\((\d+),(\d+)\)", text) for text in (found, wanted))
    if narrow is None or wide is None:
        return False
    (p, s), (q, t) = (tuple(map(int, match.groups())) for match in (narrow, wide))
    return t >= s and q - t >= p - s
