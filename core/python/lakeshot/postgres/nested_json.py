"""How arrays and composites become JSON text in which all that they may hold is told apart."""

from collections.abc import Collection

from lakeshot.postgres.table_facts import TableColumn

_JSON = (
    "CASE WHEN {{0}}::pg_catalog.text COLLATE pg_catalog.\"C\" LIKE '{}' "
    "THEN pg_catalog.to_json({{0}}::pg_catalog.text) ELSE pg_catalog.to_json({}) END::pg_catalog.text"
)
"""Lower bounds of arrays other than 1 show in their text, and JSON has no place for them."""
_OF_ARRAY = _JSON.format("[%", "{0}")
_OF_COMPOSITE = _JSON.format("%]={{%", "{0}")
"""An array may be anywhere within. A text that looks like one changes the form, and loses nothing."""
_OF_TEXTS = _JSON.format("[%", "{0}::pg_catalog.text[]")
_OF_TEXT = "pg_catalog.to_json({0}::pg_catalog.text)::pg_catalog.text"
_PUT_IN = frozenset(("json", "jsonb", "record"))
"""Values that ``to_json`` takes over as they are, so that a null, an array or an object may be PostgreSQL's
or theirs. What a ``record`` holds is not told before it is read."""
_OURS = "pg_catalog."


def is_array(column: TableColumn) -> bool:
    """Whether its elements are told; it may still be a vector, which prints itself."""
    return column.type_kind == "b" and column.element_type is not None


def is_composite(column: TableColumn) -> bool:
    """Also one whose fields have no declaration."""
    return column.type_kind == "c" or (column.type_kind == "p" and column.base_type == "record")


def nested_json(column: TableColumn, known: Collection[str]) -> str | None:
    """SQL of an array's or a composite's JSON, with ``{0}`` for the column.

    None if it holds a type of which nobody knows what ``to_json`` makes: one that is not among the ``known``
    of ``pg_catalog``, or has a cast to json of its own.
    """
    held = {name.removeprefix(_OURS) for name in column.holds if name.startswith(_OURS)}
    if len(held) < len(column.holds) or not held <= {*known, *_PUT_IN}:
        return None
    if is_array(column):
        of_scalars = column.element_type in known
        return _OF_TEXTS if held & _PUT_IN else _OF_ARRAY if of_scalars else _OF_COMPOSITE
    return _OF_TEXT if held & _PUT_IN else _OF_COMPOSITE
