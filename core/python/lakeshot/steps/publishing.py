"""Publish: announce, move the views, read them back, confirm; or put back whatever was moved.

One export or a whole group alike: until the pointers are confirmed, in one transaction, everything can
be put back, and ``close`` does so for a run that was interrupted here.
"""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

from lakeshot.errors import CatalogError, RunGoneError, VerificationError
from lakeshot.lake import Lake
from lakeshot.lake.group_view_sql import empty_group_select
from lakeshot.lake.view import ViewDefinition
from lakeshot.runs.pointers import Move, Pointers
from lakeshot.stored import load_if_there, save_once

if TYPE_CHECKING:
    from mypy_boto3_s3.client import S3Client

    from lakeshot.lake.staged_view import StagedView


@dataclass(frozen=True)
class ExportView:
    """The view of one export, to be moved to a snapshot of so many rows.

    ``run_uri`` is the S3 prefix of the run's own files, where the view's definition is kept as it was before.
    ``lake`` is None if no engine reads the export's files: then there is no view, and only the pointer moves.
    """

    export: str
    lake: Lake | None
    fence: int
    snapshot: str
    rows: int
    run_uri: str

    @property
    def move(self) -> Move:
        """What the pointers are told."""
        return Move(export=self.export, snapshot=self.snapshot, fence=self.fence)


@dataclass(frozen=True)
class GroupView:
    """The view that tells of a group's moment, and the query it shall show."""

    view: "StagedView"
    fence: int
    select: str


@dataclass(frozen=True)
class Publisher:
    """Publishes what run ``run`` has staged."""

    s3: "S3Client"
    pointers: Pointers
    run: str

    def publish(
        self, views: Sequence[ExportView], group: GroupView | None = None, *, allow_older: bool = False
    ) -> None:
        """Let every view show its snapshot, all or none; repeating it changes nothing.

        Raises CatalogError for a moment older than the one shown, VerificationError for a view that does
        not show what it should, RunGoneError if what the run had staged was removed, LockLostError if the
        run is not at work any more; the views then show what they showed before.
        """
        if not self._arrived(views):
            try:
                self._publish(views, group, allow_older=allow_older)
            except Exception:
                # Another invocation of this step may have done it, or the answer to confirming was lost.
                if not self._arrived(views):
                    raise
        for _, lake in _seen(views):
            lake.unstage(self.run)

    def _arrived(self, views: Sequence[ExportView]) -> bool:
        """Whether it is done; the snapshots of one run are of one moment."""
        return self.pointers.arrived([view.export for view in views], views[0].snapshot)

    def _publish(self, views: Sequence[ExportView], group: GroupView | None, *, allow_older: bool) -> None:
        moves = [view.move for view in views]
        for view, lake in _seen(views):
            if lake.shown() is None:  # somebody removed it; what is put back must be there
                lake.replace(lake.stage_nothing(), fence=view.fence)
        if group is not None and group.view.shown() is None:
            group.view.replace(group.view.stage_nothing(empty_group_select()), fence=group.fence)
        staged = None
        if group is not None:
            staged = group.view.stage(self.run, group.select, snapshot=None)
            group.view.unstage(self.run)  # its definition is all that is needed
        attempt = self.pointers.announce(moves, run=self.run, allow_older=allow_older)
        try:
            self._move(views, attempt)
            if group is not None and staged is not None:
                self._save_before(_of_group(views), attempt, group.view.shown())
                group.view.replace(staged, fence=group.fence)
            self.pointers.confirm(moves, run=self.run)
        except Exception:
            # Whatever it was, an error of AWS included, no view may stay that is not confirmed.
            # What cannot be put back here, for the same reason perhaps, is put back by close.
            with suppress(Exception):
                self.put_back(views, group)
            raise

    def put_back(self, views: Sequence[ExportView], group: GroupView | None = None) -> None:
        """Let the views show again what they showed before this run moved them, then withdraw the moves.

        Every view is written, moved or not: that is what stops a step that is about to move it.
        """
        attempt = self.pointers.of(views[0].export).attempt
        if group is not None:
            definition = self._before(_of_group(views), attempt, group.view.shown())
            if definition is not None:
                group.view.replace(definition, fence=group.fence)
        for view, lake in _seen(views):
            definition = self._before(view.run_uri, attempt, lake.shown())
            if definition is not None:
                lake.replace(definition, fence=view.fence)
        self.pointers.withdraw([view.move for view in views], run=self.run)

    def _move(self, views: Sequence[ExportView], attempt: str) -> None:
        for view, lake in _seen(views):
            staged = lake.staged(self.run)
            if staged is None:
                raise RunGoneError(
                    f"the view that run {self.run!r} had staged for export {view.export!r} is gone: what a "
                    "run has staged is removed when it is closed, so a redrive cannot publish it. Nothing "
                    "was published; start a new run"
                )
            if staged.snapshot != view.snapshot:
                raise CatalogError(
                    f"the view that run {self.run!r} had staged for export {view.export!r} shows snapshot "
                    f"{staged.snapshot}, not {view.snapshot}; nothing was published. Find out who changed "
                    "it, then run again"
                )
            self._save_before(view.run_uri, attempt, lake.shown())
            lake.replace(staged, fence=view.fence)
        for view, lake in _seen(views):
            shown = lake.shown_rows()
            if shown != view.rows:
                raise VerificationError(
                    f"the view of export {view.export!r} shows {shown} rows after it was moved to snapshot "
                    f"{view.snapshot}, which has {view.rows}; it was moved back"
                )

    def _save_before(self, run_uri: str, attempt: str, definition: ViewDefinition | None) -> None:
        """Keep what a view was before; the first time only, because later it may be the moved one."""
        if definition is not None:
            save_once(self.s3, _before_uri(run_uri, attempt), definition)

    def _before(self, run_uri: str, attempt: str | None, now: ViewDefinition | None) -> ViewDefinition | None:
        """What a view was before, which is what it is now if it was not moved yet."""
        saved = load_if_there(self.s3, _before_uri(run_uri, attempt), ViewDefinition) if attempt else None
        return saved or now


def _seen(views: Sequence[ExportView]) -> list[tuple[ExportView, Lake]]:
    """The views that there are."""
    return [(view, view.lake) for view in views if view.lake is not None]


def _of_group(views: Sequence[ExportView]) -> str:
    """Where the group's view is kept: beside its first member's."""
    return f"{views[0].run_uri}group-"


def _before_uri(run_uri: str, attempt: str) -> str:
    return f"{run_uri}view-before-{attempt}.json"
