"""What a view may measure, told before Athena refuses it in words of its own."""

import json
from base64 import b64encode

from lakeshot.columns.schema import trino_type
from lakeshot.commit.manifest import Manifest
from lakeshot.errors import CatalogError

MAX_STATEMENT_BYTES = 262_144
"""Longest query string Athena takes (API reference, StartQueryExecution)."""
MAX_VIEW_TEXT_CHARACTERS = 409_600
"""Longest ViewOriginalText Glue takes (API reference, TableInput)."""


def check_view_size(manifest: Manifest, table: str, statement: str) -> None:
    """CatalogError if the statement that makes a snapshot's view, or the view's own text, is too long.

    ``table`` is where the snapshot can be queried without a view.
    """
    measures = (
        ("the statement that makes its view", len(statement.encode()), MAX_STATEMENT_BYTES, "Athena"),
        ("its view's text", _text_characters(manifest, statement), MAX_VIEW_TEXT_CHARACTERS, "Glue"),
    )
    for what, size, limit, service in measures:
        if size > limit:
            raise CatalogError(
                f"snapshot {manifest.snapshot} of {manifest.export!r} has {len(manifest.columns)} columns, "
                f"so {what} has {size} bytes, and {service} takes at most {limit}. Nothing was published. "
                "Use shorter attribute names or fewer attributes in the source; until then, query the "
                f"snapshot in table {table} directly"
            )


def _text_characters(manifest: Manifest, statement: str) -> int:
    """The length of what Athena keeps: JSON of the query and its columns in base64 (Trino's HiveViewCodec).

    Athena may lay the query out anew, so a view just below the limit may still be refused by it.
    """
    columns = [{"name": column.name, "type": trino_type(column.type)} for column in manifest.columns]
    kept = {"originalSql": statement, "catalog": "awsdatacatalog", "columns": columns}
    return len(b64encode(json.dumps(kept, separators=(",", ":")).encode()))
