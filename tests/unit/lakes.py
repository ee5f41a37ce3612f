"""A lake in memory: which snapshots are registered and what the view shows."""

from botocore.exceptions import ClientError

from lakeshot.commit.manifest import Manifest
from lakeshot.errors import CatalogError


class LakeInMemory:
    """Behaves as ``lakeshot.lake.Lake`` says.

    ``broken`` snapshots cannot be read, ``refused`` ones may not be shown.
    """

    def __init__(self) -> None:
        self.registered: dict[str, Manifest] = {}
        self.shown: Manifest | None = None
        self.broken: set[str] = set()
        self.refused: set[str] = set()
        self.rows_off_by = 0
        self.dropped = False

    def register(self, manifest: Manifest) -> None:
        self.registered[manifest.snapshot] = manifest

    def count_query(self, manifest: Manifest) -> str:
        return f"count {manifest.snapshot}"

    def probe(self, manifest: Manifest) -> None:
        if manifest.snapshot in self.broken:
            raise CatalogError("HIVE_BAD_DATA")

    def show(self, manifest: Manifest | None) -> None:
        if manifest is not None and manifest.snapshot in self.broken:
            raise CatalogError("HIVE_BAD_DATA")
        if manifest is not None and manifest.snapshot in self.refused:
            raise ClientError(
                {"Error": {"Code": "ThrottlingException", "Message": "slow down"}}, "StartQueryExecution"
            )
        self.shown = manifest

    def shown_rows(self) -> int:
        return (self.shown.rows if self.shown else 0) + self.rows_off_by

    def remove(self, snapshot: str) -> None:
        self.registered.pop(snapshot, None)

    def drop_view(self) -> None:
        self.dropped = True
