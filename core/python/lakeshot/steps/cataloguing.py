"""The catalog step: in which generation of the table a snapshot belongs, and its place there."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from lakeshot.commit.manifest import Manifest
from lakeshot.errors import CatalogError, LockLostError, RunGoneError
from lakeshot.lake import Lake
from lakeshot.lake.generations import Known, generation_for
from lakeshot.lake.hive_partitions import shape_of
from lakeshot.lake.shown import Shown
from lakeshot.steps.alike import alike
from lakeshot.steps.entering import EnteredRun
from lakeshot.steps.showing import showing

if TYPE_CHECKING:
    from mypy_boto3_glue.client import GlueClient
    from mypy_boto3_s3.client import S3Client


@dataclass(frozen=True)
class Cataloguer:
    """Registers snapshots of one export."""

    s3: "S3Client"
    glue: "GlueClient"
    lake: Lake

    def catalogue(self, run: EnteredRun) -> str:
        """Register the run's snapshot and return the query that counts its rows as a reader would."""
        if run.plan.reading is not None and run.plan.deployed.catalog == "crawler":
            self._check_crawl(run)
        manifest = run.manifest()
        generation = self._generation(run, manifest)
        self.lake.register(manifest, generation)
        try:
            run.snapshots.placed(manifest.snapshot, generation, run=run.plan.run, fence=run.fence)
        except (LockLostError, RunGoneError):
            entry = run.snapshots.get(manifest.snapshot)
            if entry is None or entry.state == "doomed":  # this came too late to be removed with the rest
                self.lake.remove(manifest.snapshot, generation, changes=manifest.follows is not None)
            raise
        shown = showing(self.s3, run.snapshots, run.snapshot())
        return self.lake.count_query(shown, compared=self._compared(run))

    def _generation(self, run: EnteredRun, manifest: Manifest) -> int:
        """The generation this snapshot was placed in before, else the one its columns go with; recorded."""
        placed = run.snapshot().generation
        if placed is not None:
            return placed
        generation = generation_for(shape_of(manifest), list(self._known(run, manifest)))
        while not self.lake.takes(manifest, generation):  # a run that failed has left its table there
            generation += 1
        # Told before it is done, so that whoever closes this run knows where to look.
        run.snapshots.placed(manifest.snapshot, generation, run=run.plan.run, fence=run.fence)
        return generation

    def _known(self, run: EnteredRun, manifest: Manifest) -> Iterator[Known]:
        """Every schema there is in each generation of the table, of whole snapshots or of changes, once."""
        verified = (entry for entry in run.snapshots.all() if entry.state == "verified")
        of_table = (entry for entry in verified if (entry.follows is None) == (manifest.follows is None))
        for generation, _, other in alike(self.s3, of_table):
            yield Known(generation, shape_of(other))

    def _compared(self, run: EnteredRun) -> Shown | None:
        """What the published view shows that this snapshot's has to be equal to; None if there is no such."""
        if (compared_with := run.plan.compared_with) is None:
            return None
        if (entry := run.snapshots.get(compared_with)) is None or entry.state != "verified":
            raise CatalogError(
                f"snapshot {compared_with}, with which this one was to be compared, is not there any more; "
                "nothing was published. Run again"
            )
        return showing(self.s3, run.snapshots, entry)

    def _check_crawl(self, run: EnteredRun) -> None:
        """CatalogError unless the crawler's last crawl began after this run did, and succeeded."""
        name = run.plan.deployed.names.resource
        last = self.glue.get_crawler(Name=name)["Crawler"].get("LastCrawl")
        if last is None or last["StartTime"] < run.plan.started_at.replace(microsecond=0):
            raise CatalogError(f"crawler {name!r} has not crawled since this run began; run again")
        if last["Status"] != "SUCCEEDED":
            raise CatalogError(
                f"crawler {name!r} ended {last['Status']}: {last.get('ErrorMessage') or 'no reason given'}"
            )
