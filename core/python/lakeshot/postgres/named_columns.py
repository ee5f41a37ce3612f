"""Columns that settings name, which a source has to have."""

from collections.abc import Iterable, Mapping, Sequence

from lakeshot.errors import SourceError
from lakeshot.postgres.find_relation import close_matches


def check_named_columns(
    settings: Mapping[str, Iterable[str]], columns: Sequence[str], source_name: str
) -> None:
    """Raise SourceError for the first column that a setting names and that is not read from the source.

    It would be ignored, or be missed once all rows were read.
    """
    for setting, names in settings.items():
        for name in names:
            if name not in columns:
                near = ", ".join(map(repr, close_matches(name, columns))) or "none"
                raise SourceError(
                    f"{setting!r} names the column {name!r}, which is not among those read from "
                    f"{source_name}; close to it: {near}. Names are matched exactly, upper and lower case "
                    "included: correct it in exports.yaml, deploy and run again"
                )
