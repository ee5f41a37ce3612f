"""A lake in memory: which snapshots are registered, what is staged and what the view shows."""

from collections.abc import Callable

from botocore.exceptions import ClientError

from lakeshot.commit.manifest import Manifest
from lakeshot.errors import CatalogError, LockLostError
from lakeshot.lake.shown import Shown
from lakeshot.lake.view import ViewColumn, ViewDefinition

_TRIES = 10


class LakeInMemory:
    """Behaves as ``lakeshot.lake.Lake`` says; a view's text names generations and snapshots.

    ``broken`` snapshots cannot be read, ``refused`` ones may not be shown; the tables of ``foreign``
    generations take none. ``before_write`` is called between reading and writing the view: a test that
    pauses a writer sets it, for one call.
    """

    def __init__(self) -> None:
        self.registered: dict[str, Manifest] = {}
        self.generations: dict[str, int] = {}
        self.view: ViewDefinition | None = None
        self.fence = 0
        self.version = 0
        self.staging: dict[str, ViewDefinition] = {}
        self.broken: set[str] = set()
        self.refused: set[str] = set()
        self.foreign: set[int] = set()
        self.rows_off_by = 0
        self.before_write: Callable[[], None] = lambda: None

    def takes(self, manifest: Manifest, generation: int) -> bool:
        return generation not in self.foreign

    def register(self, manifest: Manifest, generation: int) -> None:
        self.registered[manifest.snapshot] = manifest
        self.generations[manifest.snapshot] = generation

    def count_query(self, shown: Shown, *, compared: Shown | None) -> str:
        told = f"count {shown.snapshot} in generation {shown.own.generation}"
        if shown.changes:
            told += f", shown as {_text(shown)}"
        return told if compared is None else f"{told}, compared with {_text(compared)}"

    def stage(self, shown: Shown, *, run: str) -> ViewDefinition:
        if shown.snapshot in self.broken:
            raise CatalogError("HIVE_BAD_DATA")
        names = tuple(column.name for column in shown.columns)
        staged = _definition(_text(shown), shown.snapshot, names)
        self.staging[run] = staged
        return staged

    def staged(self, run: str) -> ViewDefinition | None:
        return self.staging.get(run)

    def unstage(self, run: str) -> None:
        self.staging.pop(run, None)

    def stage_nothing(self) -> ViewDefinition:
        return _definition("nothing", None, ())

    def shown(self) -> ViewDefinition | None:
        return self.view

    def replace(self, definition: ViewDefinition, *, fence: int) -> None:
        if definition.snapshot in self.refused:
            raise ClientError(
                {"Error": {"Code": "ThrottlingException", "Message": "slow down"}}, "UpdateTable"
            )
        for _ in range(_TRIES):
            read, written = self.version, self.fence
            if self.view is not None and written > fence:
                raise LockLostError(f"the view was written under fence {written}, this run has {fence}")
            before_write, self.before_write = self.before_write, lambda: None
            before_write()
            if self.version == read:
                self.view, self.fence, self.version = definition, fence, read + 1
                return
        raise CatalogError("the view was changed each time it was about to be written")

    def shown_rows(self) -> int:
        """The rows of all snapshots that the view looks for; none of those that are not where it looks.

        As if changes only inserted.
        """
        text = self.view.original_text if self.view else ""
        return self.rows_off_by + sum(
            manifest.rows
            for snapshot, manifest in self.registered.items()
            if self.place(snapshot) in text.split()
        )

    def remove(self, snapshot: str, generation: int, *, changes: bool) -> None:
        manifest = self.registered.get(snapshot)
        is_there = manifest is not None and (manifest.follows is not None) == changes
        if is_there and self.generations[snapshot] == generation:
            del self.registered[snapshot], self.generations[snapshot]

    def place(self, snapshot: str) -> str:
        """Where a registered snapshot is."""
        changes = self.registered[snapshot].follows is not None
        return _place(self.generations[snapshot], snapshot, changes=changes)

    def drop_view(self) -> None:
        self.view, self.version = None, self.version + 1

    @property
    def shown_snapshot(self) -> str | None:
        """The partition value that readers see; None for no rows or no view."""
        return self.view.snapshot if self.view else None


def _text(shown: Shown) -> str:
    """Where everything is that is shown."""
    changes = ((layer, True) for layer in shown.changes)
    return " ".join(
        _place(layer.generation, snapshot, changes=is_changes)
        for layer, is_changes in ((shown.base, False), *changes)
        for snapshot in layer.snapshots
    )


def _place(generation: int, snapshot: str, *, changes: bool) -> str:
    return f"{'changes-' if changes else ''}{generation}/{snapshot}"


def _definition(text: str, snapshot: str | None, names: tuple[str, ...]) -> ViewDefinition:
    return ViewDefinition(
        snapshot=snapshot,
        original_text=text,
        expanded_text="/* Presto View */",
        columns=tuple(ViewColumn(name=name, type="string") for name in names),
        parameters={"presto_view": "true", "comment": "Presto View"},
    )
