"""One snapshot for the jobs of several exports that run together, told from job to job through S3.

The first export takes it. The others adopt it and hold it themselves, so that the first is free to end once
all of them have.
"""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from lakeshot.errors import LakeshotError, SourceError
from lakeshot.listing import is_listed
from lakeshot.names import ExportNames, moment_key, split_s3_uri
from lakeshot.postgres.snapshot import Snapshot
from lakeshot.stored import load, save_once

if TYPE_CHECKING:
    from mypy_boto3_s3.client import S3Client

POLL_SECONDS = 1.0


@dataclass(frozen=True)
class SharedMoment:
    """The moment of one run, as the job of the export ``own`` sees it.

    ``exports`` are all that share it, the one that takes it first. ``check`` is called while waiting and
    raises if the run is over.
    """

    s3: "S3Client"
    bucket: str
    stage: str
    run: str
    exports: Sequence[str]
    own: str
    most_minutes: float
    check: Callable[[], None]
    sleep: Callable[[float], None] = time.sleep
    clock: Callable[[], float] = time.monotonic

    @property
    def is_taken_here(self) -> bool:
        """Whether this job is the one that takes it."""
        return self.own == self.exports[0]

    def hold(self, snapshot: Snapshot) -> None:
        """Tell the others that this job holds the snapshot now; SourceError if an earlier try of it did.

        That try is over, and others may be of its snapshot.
        """
        told = save_once(self.s3, self._uri(self.own), snapshot)
        if told != snapshot:
            raise SourceError(
                f"export {self.own!r} has held a snapshot of this run before, of {told.taken_at}, which "
                "cannot be had again; start a new run, so that all of its exports are of one moment"
            )

    def taken(self) -> Snapshot:
        """What the first export holds, once it does; SourceError if it does not in time."""
        return self._wait_for(self.exports[0], lambda: None)

    def wait_for_all(self, check_held: Callable[[], None]) -> None:
        """Wait until every other export holds the snapshot, too; SourceError if one does not in time.

        ``check_held`` raises what has ended the snapshot, such as that it was held for too long.
        """
        for export in self.exports:
            if export != self.own:
                self._wait_for(export, check_held)

    def _wait_for(self, export: str, check_held: Callable[[], None]) -> Snapshot:
        until = self.clock() + self.most_minutes * 60
        uri = self._uri(export)
        late = (
            f"export {export!r}, which is to be of the same moment as {self.own!r}, did not begin to read "
            f"within {self.most_minutes:g} minutes ('max_snapshot_minutes'); see why its job did not start, "
            "such as too few Glue workers for all exports of the group at once"
        )
        while not is_listed(self.s3, *split_s3_uri(uri)):
            self.check()
            try:
                check_held()
            except LakeshotError as error:
                raise SourceError(
                    f"while {self.own!r} waited for export {export!r} to begin: {error}"
                ) from error
            if self.clock() >= until:
                raise SourceError(late)
            self.sleep(POLL_SECONDS)
        return load(self.s3, uri, Snapshot)

    def _uri(self, export: str) -> str:
        return f"s3://{self.bucket}/{moment_key(ExportNames(stage=self.stage, export=export), self.run)}"
