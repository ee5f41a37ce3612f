"""The catalog step: in which generation of the table a snapshot belongs, and its place there."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from lakeshot.commit.manifest import Manifest, load_manifest
from lakeshot.errors import CatalogError, CommitError, LockLostError, RunGoneError
from lakeshot.lake import Lake
from lakeshot.lake.generations import Known, generation_for
from lakeshot.lake.hive_partitions import shape_of
from lakeshot.runs.snapshots import Snapshot
from lakeshot.steps.entering import EnteredRun

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
                self.lake.remove(manifest.snapshot, generation)
            raise
        return self.lake.count_query(manifest, generation)

    def _generation(self, run: EnteredRun, manifest: Manifest) -> int:
        """The generation this snapshot was placed in before, else the one its columns go with; recorded."""
        placed = run.snapshot().generation
        if placed is not None:
            return placed
        generation = generation_for(shape_of(manifest), list(self._known(run)))
        while not self.lake.takes(manifest, generation):  # a run that failed has left its table there
            generation += 1
        # Told before it is done, so that whoever closes this run knows where to look.
        run.snapshots.placed(manifest.snapshot, generation, run=run.plan.run, fence=run.fence)
        return generation

    def _known(self, run: EnteredRun) -> Iterator[Known]:
        """Every schema there is in each generation, once."""
        alike: dict[tuple[int, str | None], list[Snapshot]] = {}
        for entry in run.snapshots.all():
            if entry.state == "verified" and entry.generation is not None:
                alike.setdefault((entry.generation, entry.schema_fingerprint), []).append(entry)
        for (generation, _), entries in alike.items():
            yield Known(generation, shape_of(self._first_intact(entries)))

    def _first_intact(self, entries: Sequence[Snapshot]) -> Manifest:
        """A manifest of snapshots with the same columns; CommitError, about the first, if none is intact."""
        errors = []
        for entry in entries:
            try:
                return load_manifest(self.s3, str(entry.manifest), str(entry.manifest_sha256))
            except CommitError as error:
                errors.append(error)
        raise errors[0]

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
