"""The command schema: the JSON Schema of ``exports.yaml``, for editors."""

import json

from lakeshot.config.exports import Config
from operate.context import Context

_DIALECT = "https://json-schema.org/draft/2020-12/schema"


def schema(context: Context) -> int:
    """Print the JSON Schema of the config."""
    context.output.result(schema_text())
    return 0


def schema_text() -> str:
    """The JSON Schema as committed in ``exports.schema.json``, without a newline at the end."""
    document = {"$schema": _DIALECT, **Config.model_json_schema(), "title": "Lakeshot exports"}
    return json.dumps(document, indent=2)
