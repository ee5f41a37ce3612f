"""A view as it stands in the Glue catalog, replaced by a compare-and-set.

Athena's own CREATE OR REPLACE VIEW writes whatever is there, so a writer that was paused would win over
one that came after it. Athena therefore makes views under other names only (``lakeshot.lake.staged_view``)
and what it made is put in the real view's place here.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from lakeshot.errors import LockLostError
from lakeshot.lake.tables import drop_table, find_table, write_table
from lakeshot.model import Model

if TYPE_CHECKING:
    from mypy_boto3_glue.client import GlueClient
    from mypy_boto3_glue.type_defs import TableInputTypeDef, TableTypeDef

_SNAPSHOT = "lakeshot:snapshot"
_FENCE = "lakeshot:fence"


class ViewColumn(Model):
    """One column; ``type`` is Hive's name for it, as the catalog holds it."""

    name: str
    type: str


class ViewDefinition(Model):
    """What a view is, as Athena wrote it into the catalog; saved before a view is moved, to be put back.

    ``snapshot`` is the partition value it shows; None if it shows no rows or nobody said which.
    ``parameters`` are the catalog's own, by which Athena knows a view.
    """

    snapshot: str | None
    original_text: str
    expanded_text: str
    columns: tuple[ViewColumn, ...]
    parameters: Mapping[str, str]


@dataclass(frozen=True)
class GlueView:
    """The view of one name. It carries the fencing number of the run that wrote it last."""

    glue: "GlueClient"
    database: str
    name: str

    def definition(self) -> ViewDefinition | None:
        """What the view is now; None if there is no view."""
        table = find_table(self.glue, self.database, self.name)
        return None if table is None else _definition(table)

    def replace(self, definition: ViewDefinition, *, fence: int) -> None:
        """Make the view this definition, in one change.

        It is written even if nothing differs: that is what makes stale whatever a paused writer has
        read. LockLostError, with nothing changed, if a higher fence has written the view since.
        """

        def decide(existing: "TableTypeDef | None") -> "TableInputTypeDef":
            written = int(existing.get("Parameters", {}).get(_FENCE, "0")) if existing else 0
            if written > fence:
                raise LockLostError(
                    f"view {self.database}.{self.name} was written under fence {written} since, so this run "
                    f"with fence {fence} has lost the lock; the view was left as it is"
                )
            return self._input(definition, fence)

        write_table(self.glue, self.database, self.name, decide)

    def drop(self) -> None:
        """Remove the view. One that is not there is no error."""
        drop_table(self.glue, self.database, self.name)

    def _input(self, definition: ViewDefinition, fence: int) -> "TableInputTypeDef":
        snapshot = {} if definition.snapshot is None else {_SNAPSHOT: definition.snapshot}
        return {
            "Name": self.name,
            "TableType": "VIRTUAL_VIEW",
            "Parameters": {**definition.parameters, **snapshot, _FENCE: str(fence)},
            "PartitionKeys": [],
            "StorageDescriptor": {
                "Columns": [{"Name": column.name, "Type": column.type} for column in definition.columns],
                "Location": "",
                "NumberOfBuckets": 0,
                "SerdeInfo": {},
            },
            "ViewOriginalText": definition.original_text,
            "ViewExpandedText": definition.expanded_text,
        }


def _definition(table: "TableTypeDef") -> ViewDefinition:
    parameters = table.get("Parameters", {})
    return ViewDefinition(
        snapshot=parameters.get(_SNAPSHOT),
        original_text=table.get("ViewOriginalText", ""),
        expanded_text=table.get("ViewExpandedText", ""),
        columns=tuple(
            ViewColumn(name=column["Name"], type=column.get("Type", "string"))
            for column in table.get("StorageDescriptor", {}).get("Columns", [])
        ),
        parameters={name: value for name, value in parameters.items() if name not in {_SNAPSHOT, _FENCE}},
    )
