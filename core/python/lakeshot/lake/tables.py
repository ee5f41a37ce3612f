"""Tables and views of the Glue catalog, written only if nobody else has since they were read.

Glue's UpdateTable takes the version that was read and refuses any other, as Apache Iceberg uses it to
commit (``GlueTableOperations``, optimistic locking).
"""

from collections.abc import Callable
from contextlib import suppress
from typing import TYPE_CHECKING

from lakeshot.errors import CatalogError
from lakeshot.refusals import refusals_named

if TYPE_CHECKING:
    from mypy_boto3_glue.client import GlueClient
    from mypy_boto3_glue.type_defs import TableInputTypeDef, TableTypeDef

_TRIES = 10
"""Far more than the writers of one table can be: its runs, one crawler, one person."""


def find_table(glue: "GlueClient", database: str, name: str) -> "TableTypeDef | None":
    """The table or view as it is now; None if there is none."""
    with refusals_named("glue:GetTable", f"table/{database}/{name}"):
        try:
            return glue.get_table(DatabaseName=database, Name=name)["Table"]
        except glue.exceptions.EntityNotFoundException:
            return None


def write_table(
    glue: "GlueClient",
    database: str,
    name: str,
    decide: "Callable[[TableTypeDef | None], TableInputTypeDef]",
) -> None:
    """Write what ``decide`` makes of the table as it is (None: absent); decide anew when that has changed.

    What ``decide`` raises ends it with nothing written. CatalogError if the table never holds still.
    """
    errors, place = glue.exceptions, f"table/{database}/{name}"
    for _ in range(_TRIES):
        existing = find_table(glue, database, name)
        wanted = decide(existing)
        if existing is None:
            with suppress(errors.AlreadyExistsException), refusals_named("glue:CreateTable", place):
                glue.create_table(DatabaseName=database, TableInput=wanted)
                return
        else:
            with (
                suppress(errors.ConcurrentModificationException, errors.EntityNotFoundException),
                refusals_named("glue:UpdateTable", place),
            ):
                glue.update_table(
                    DatabaseName=database,
                    TableInput=wanted,
                    VersionId=existing["VersionId"],
                    SkipArchive=True,
                )
                return
    raise CatalogError(
        f"{database}.{name} was changed by somebody else each of the {_TRIES} times it was about to be "
        "written, so it was not written; find out who keeps changing it, then run again"
    )


def drop_table(glue: "GlueClient", database: str, name: str) -> None:
    """Remove the table or view by the Glue API, which spares a query. One that is not there is no error."""
    with (
        suppress(glue.exceptions.EntityNotFoundException),
        refusals_named("glue:DeleteTable", f"table/{database}/{name}"),
    ):
        glue.delete_table(DatabaseName=database, Name=name)
