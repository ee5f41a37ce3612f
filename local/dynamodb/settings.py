"""How a table is metered and exported: environment of the server, or tags of the table, which win."""

import os

from local.hooks.dynamodb import StoredTable

_PREFIX = "lakeshot-local:"


def burst_seconds(table: StoredTable) -> float:
    """Return seconds of unused capacity a table may save: 300 on AWS and by default, 0 for none."""
    return _setting(table, "burst-seconds", "LAKESHOT_BURST_SECONDS", "300")


def statistics_seconds(table: StoredTable) -> float:
    """Return how old ItemCount and TableSizeBytes may be: 21600 on AWS, 0 (always fresh) by default."""
    return _setting(table, "statistics-seconds", "LAKESHOT_STATISTICS_SECONDS", "0")


def minute_seconds(table: StoredTable) -> float:
    """Return how long a minute of DynamoDB's own delays and windows lasts: 60 on AWS and by default."""
    return _setting(table, "minute-seconds", "LAKESHOT_DYNAMODB_MINUTE_SECONDS", "60")


def export_seconds(table: StoredTable) -> float:
    """Return how long an export takes: five of the minutes above unless it is set; AWS takes 2 to 20."""
    minutes = _setting(table, "export-minutes", "LAKESHOT_EXPORT_MINUTES", "5")
    return minutes * minute_seconds(table)


def export_files(table: StoredTable) -> int:
    """Return how many partitions an export finds the table to have, 4 by default; each gets a file."""
    return max(int(_setting(table, "export-files", "LAKESHOT_EXPORT_FILES", "4")), 1)


def written_seconds_ago(table: StoredTable) -> float:
    """Return how long ago what is done now counts as done: that many of the minutes above, 0 by default."""
    return float(table.tags.get(f"{_PREFIX}written-minutes-ago") or 0) * minute_seconds(table)


def read_log_path() -> str | None:
    """Return the file that every read is noted in, one JSON object a line; None for none."""
    return os.environ.get("LAKESHOT_READ_LOG") or None


def _setting(table: StoredTable, tag: str, variable: str, default: str) -> float:
    return float(table.tags.get(_PREFIX + tag) or os.environ.get(variable, default))
