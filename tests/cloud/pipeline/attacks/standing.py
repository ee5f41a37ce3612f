"""How an export stands: all of it that a reader, an operator or a bill would notice."""

from collections.abc import Sequence
from dataclasses import dataclass

from lakeshot.lake.view import GlueView, ViewDefinition
from lakeshot.runs.lock import Holder
from lakeshot.runs.pointers import Pointer, Pointers
from lakeshot.runs.snapshots import Snapshot, Snapshots
from tests.cloud.local.account import wait_for
from tests.cloud.pipeline.pipeline import BUCKET, DATABASE, NAMES, Ended, Pipeline


@dataclass(frozen=True)
class Standing:
    """One export at one moment. ``rows`` are (id, snapshot) pairs of the view, sorted."""

    view: ViewDefinition | None
    rows: Sequence[tuple[str, str]]
    pointer: Pointer
    snapshots: Sequence[Snapshot]
    objects: Sequence[tuple[str, str]]
    partitions: Sequence[str]
    uploads: Sequence[str]
    staged: Sequence[str]
    holder: Holder | None

    @property
    def shown(self) -> str | None:
        """The snapshot that the view shows."""
        return self.view.snapshot if self.view is not None else None


def standing(pipeline: Pipeline, export: str) -> Standing:
    """How an export stands now."""
    names, dynamodb, glue = (
        pipeline.deployed(export).names,
        pipeline.client("dynamodb"),
        pipeline.client("glue"),
    )
    listed = pipeline.client("s3").list_objects_v2(Bucket=BUCKET, Prefix=names.data_prefix)
    tables = glue.get_tables(DatabaseName=DATABASE, Expression=f"lakeshot_staged_{names.view}*")["TableList"]
    rows = pipeline.rows(f'SELECT id, snapshot_timestamp AS snapshot FROM "{names.view}"')
    return Standing(
        view=GlueView(glue, DATABASE, names.view).definition(),
        rows=sorted((row["id"], row["snapshot"]) for row in rows),
        pointer=Pointers(dynamodb, table=NAMES.run_table).of(export),
        snapshots=Snapshots(dynamodb, table=NAMES.run_table, export=export).all(),
        objects=sorted((found["Key"], found["ETag"]) for found in listed.get("Contents", [])),
        partitions=sorted(pipeline.partitions(export)),
        uploads=pipeline.uploads(export),
        staged=[table["Name"] for table in tables],
        holder=pipeline.holder(export),
    )


def assert_sound(pipeline: Pipeline, export: str, *, shown: str | None, ids: Sequence[str]) -> Standing:
    """An export that no run works on shows ``shown``, each of ``ids`` once, and has nothing left over."""
    now = standing(pipeline, export)
    assert now.rows == sorted((one, str(shown)) for one in ids)
    assert now.shown == shown
    assert now.pointer == Pointer(snapshot=shown)
    assert {snapshot.state for snapshot in now.snapshots} <= {"verified"}
    known = sorted(snapshot.snapshot for snapshot in now.snapshots)
    assert list(now.partitions) == known
    assert sorted({key.split("=")[1].split("/")[0] for key, _ in now.objects}) == known
    assert (now.uploads, now.staged, now.holder) == ([], [], None)
    return now


def closed(pipeline: Pipeline, export: str, run: str, *, status: str) -> Ended:
    """How a run ended, after it was closed."""
    ended = pipeline.end(run)
    assert (ended.status, ended.run) == (status, run)
    wait_for(lambda: pipeline.holder(export), lambda holder: holder is None or holder.run != run)
    record = wait_for(lambda: pipeline.record(export, run), lambda record: record.error is not None)
    assert record.state == status
    assert record.finished_at is not None
    assert record.next_step
    assert len([text for text in pipeline.notices() if run in text]) <= 1
    assert f"run {run}: {status}" in pipeline.notice(run)
    return ended
