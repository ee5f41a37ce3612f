"""Glue's UpdateTable as AWS has it: what a caller leaves out is gone afterwards."""

from ministack.services import glue

from local.hooks.operations import JsonObject

DEFINED_BY_THE_CALLER = (
    "Description",
    "Owner",
    "StorageDescriptor",
    "PartitionKeys",
    "TableType",
    "Parameters",
    "ViewOriginalText",
    "ViewExpandedText",
)


def replace_whole_tables() -> None:
    """Let UpdateTable replace a table's definition; ministack merges the new one into the old.

    https://docs.aws.amazon.com/glue/latest/webapi/API_UpdateTable.html
    """
    update = glue._update_table

    def update_table(data: JsonObject) -> tuple[int, object, object]:
        response: tuple[int, object, object] = update(data)
        given = data.get("TableInput")
        if response[0] == 200 and isinstance(given, dict):  # noqa: PLR2004 - OK
            table = glue._tables[f"{data.get('DatabaseName')}/{given['Name']}"]
            for left_out in set(DEFINED_BY_THE_CALLER) - given.keys():
                table.pop(left_out, None)
        return response

    glue._update_table = update_table
