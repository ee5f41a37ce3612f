"""What an export says to values that have no column type of their own: hold them as JSON text, or refuse."""

from collections.abc import Iterable
from enum import StrEnum

from lakeshot.columns.types import JSON, Column, ColumnType
from lakeshot.errors import NestedValuesError
from lakeshot.files import DELIMITED, FileFormat


class Nested(StrEnum):
    """``json`` holds maps, lists and mixed values as JSON text, in CSV also sets; ``refuse`` ends the run."""

    JSON = "json"
    REFUSE = "refuse"


def is_nested(column_type: ColumnType, file_format: FileFormat) -> bool:
    """Whether files of the format hold values of the type as JSON text."""
    return column_type == JSON or (column_type.is_array and file_format in DELIMITED)


def refuse_nested(columns: Iterable[Column], file_format: FileFormat) -> None:
    """NestedValuesError that names the first column whose values would be JSON text."""
    for column in columns:
        if is_nested(column.type, file_format):
            raise NestedValuesError(
                f"attribute {column.source!r} holds values of the type {column.type}, which "
                f"{file_format.value} files hold as JSON text, and 'nested: refuse' does not allow that; "
                "nothing was published. Say 'nested: json' in exports.yaml, pin the attribute below 'types' "
                "to what all of its values are, or remove the values from the source; then run again"
            )
