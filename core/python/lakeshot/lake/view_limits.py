"""What a view may measure, told before Athena refuses it in words of its own."""

import json
from base64 import b64encode

from lakeshot.columns.schema import trino_type
from lakeshot.errors import CatalogError
from lakeshot.lake.shown import Shown

MAX_STATEMENT_BYTES = 262_144
"""Longest query string Athena takes (API reference, StartQueryExecution)."""
MAX_VIEW_TEXT_CHARACTERS = 409_600
"""Longest ViewOriginalText Glue takes (API reference, TableInput)."""
MAX_PASSED_BYTES = 200_000
"""Longest query that steps pass each other, as JSON; a state's data has 256 KiB (Step Functions quotas)."""


def check_view_size(export: str, shown: Shown, table: str, statement: str) -> None:
    """CatalogError if the statement that makes a snapshot's view, or the view's own text, is too long.

    ``table`` is where the snapshot can be queried without a view.
    """
    measures = (
        ("the statement that makes its view", len(statement.encode()), MAX_STATEMENT_BYTES, "Athena"),
        ("its view's text", _text_characters(shown, statement), MAX_VIEW_TEXT_CHARACTERS, "Glue"),
    )
    shorter = "use shorter attribute names or fewer attributes in the source"
    way_out = (
        f"Export the whole table again (full: true in the payload), whose view is shorter, or {shorter}"
        if shown.changes
        else f"{shorter.capitalize()}; until then, query the snapshot in table {table} directly"
    )
    for what, size, limit, service in measures:
        if size > limit:
            raise CatalogError(
                f"snapshot {shown.snapshot} of {export!r} has {_what_is_long(shown)}, so {what} has {size} "
                f"bytes, and {service} takes at most {limit}. Nothing was published. {way_out}"
            )


def check_query_size(export: str, shown: Shown, query: str) -> None:
    """CatalogError if the query that counts and compares a snapshot's rows is too long."""
    size = len(json.dumps(query))
    if size > MAX_PASSED_BYTES:
        raise CatalogError(
            f"snapshot {shown.snapshot} of {export!r} has {_what_is_long(shown)}, so the query that counts "
            f"and compares its rows has {size} bytes, and steps pass each other at most {MAX_PASSED_BYTES}. "
            "Nothing was published. Export the whole table again (full: true in the payload), which is "
            "compared with nothing"
        )


def _what_is_long(shown: Shown) -> str:
    schemas = f", and changes with {len(shown.changes)} sets of columns" if shown.changes else ""
    return f"{len(shown.columns)} columns{schemas}"


def _text_characters(shown: Shown, statement: str) -> int:
    """The length of what Athena keeps: JSON of the query and its columns in base64 (Trino's HiveViewCodec).

    Athena may lay the query out anew, so a view just below the limit may still be refused by it.
    """
    columns = [{"name": column.name, "type": trino_type(column.type)} for column in shown.columns]
    kept = {"originalSql": statement, "catalog": "awsdatacatalog", "columns": columns}
    return len(b64encode(json.dumps(kept, separators=(",", ":")).encode()))
