"""What must hold after every single call, and what must be left when everything has come to rest."""

from functools import lru_cache
from typing import Any

from lakeshot.commit.manifest import Manifest
from lakeshot.names import split_s3_uri
from tests.model.copy_binary import ids_of
from tests.model.job import rows_of_job
from tests.model.world import EXPORTS, GROUP, World

FINAL = ("SUCCEEDED", "FAILED", "TIMED_OUT", "ABORTED")


class BrokenError(AssertionError):
    """An invariant does not hold."""


class Invariants:
    """Looks at a world as its readers do, and as its run table tells.

    ``only_groups`` says that no member of the group is ever run by itself.
    """

    def __init__(self, world: World, *, only_groups: bool) -> None:
        self._world, self._only_groups = world, only_groups
        self._locks: dict[str, dict[str, Any]] = {}

    def check(self) -> None:
        """Raise BrokenError unless all invariants hold now."""
        for export in EXPORTS:
            self._check_view(export)
            self._check_verified(export)
        for partition in (*(f"export#{name}" for name in EXPORTS), f"group#{GROUP}"):
            self._check_lock(partition)
            self._check_records(partition)
        self._check_group()

    def check_at_rest(self) -> None:
        """Raise BrokenError unless nothing is left of runs that did not succeed."""
        self.check()
        world = self._world
        for (partition, sort), item in world.dynamodb.items.items():
            name = f"{partition}/{sort}"
            if sort == "lock":
                self._hold("run" not in item, f"{name} is held by {item.get('run')}")
            elif sort == "published":
                self._hold("next" not in item, f"{name} still is being moved")
            elif sort.startswith("run#"):
                self._hold(item["state"]["S"] in FINAL, f"{name} is {item['state']['S']}")
            elif sort.startswith("snapshot#") and "state" in item:
                self._hold(item["state"]["S"] == "verified", f"{name} is {item['state']['S']}")
        for export in EXPORTS:
            self._check_nothing_left(export)
        staged = [name for name in world.glue.tables if name.startswith("lakeshot_staged_")]
        self._hold(not staged, f"staged views are left: {staged}")
        self._hold(not world.s3.uploads, f"uploads are left: {world.s3.uploads}")

    def _hold(self, truth: bool, sentence: str) -> None:
        if not truth:
            told = "\n".join([*self._world.trace[-250:], f"!! {sentence}"])
            raise BrokenError(f"{sentence}\n{told}")

    def _is_readable(self, export: str) -> bool:
        return self._world.exports[export].format.is_readable

    def _check_published(self, export: str) -> None:
        """Where there is no view, the files of what is published are those of one job."""
        published = self._item(f"export#{export}", "published").get("snapshot", {}).get("S")
        self._hold(export not in self._world.glue.tables, f"there is a view {export} of what nobody reads")
        if published is None:
            return
        entry = self._item(f"export#{export}", f"snapshot#{published}")
        state = entry.get("state", {}).get("S")
        self._hold(state == "verified", f"{export} has published {published}, which is {state}")
        folder = f"snapshots_{export}/snapshot_timestamp={published}/"
        bodies = (body for key, body in self._world.s3.objects.items() if key.startswith(folder))
        rows = sorted(row for body in bodies for row in ids_of(body))
        job_run = rows[0].split("/")[0] if rows else ""
        self._hold(
            rows == sorted(rows_of_job(job_run)) and job_run.split(".")[0] == entry["run"]["S"],
            f"{export} has published {published} of {entry['run']['S']} with the rows {rows}",
        )

    def _check_view(self, export: str) -> None:
        if not self._is_readable(export):
            self._check_published(export)
            return
        shown, pointer = self._world.athena.shown(export), self._item(f"export#{export}", "published")
        confirmed, announced = (pointer.get(name, {}).get("S") for name in ("snapshot", "next"))
        table, visible = shown or (None, None)
        allowed = {confirmed, announced} if "next" in pointer else {confirmed}
        self._hold(visible in allowed, f"view {export} shows {visible}, the pointer says {allowed}")
        if table is None or visible is None:
            return
        entry = self._item(f"export#{export}", f"snapshot#{visible}")
        state = entry.get("state", {}).get("S")
        self._hold(state == "verified", f"view {export} shows {visible}, which is {state}")
        rows = sorted(self._world.athena.snapshot_rows(table, visible))
        job_run = rows[0].split("/")[0] if rows else ""
        self._hold(
            rows == sorted(rows_of_job(job_run)) and job_run.split(".")[0] == entry["run"]["S"],
            f"view {export} shows {visible} of {entry['run']['S']} with the rows {rows}",
        )

    def _check_verified(self, export: str) -> None:
        for snapshot, entry in self._snapshots(export).items():
            if entry["state"]["S"] != "verified":
                continue
            bucket_key = split_s3_uri(entry["manifest"]["S"])[1]
            for key in _keys(self._world.s3.objects[bucket_key]):
                self._hold(key in self._world.s3.objects, f"{key} is gone, its snapshot is verified")
            if not self._is_readable(export):
                continue
            table = self._table(export, entry)
            self._hold(
                (table, snapshot) in self._world.glue.partitions,
                f"partition {snapshot} of {table} is gone, its snapshot is verified",
            )

    def _check_lock(self, partition: str) -> None:
        before, lock = self._locks.get(partition, {}), self._item(partition, "lock")
        if lock is before:
            return
        self._locks[partition] = lock
        self._hold(_fence(lock) >= _fence(before), f"the fence of {partition} fell to {_fence(lock)}")
        if "run" in before and lock.get("run") != before["run"]:
            record = self._item(partition, f"run#{before['run']['S']}")
            self._hold(
                "closing" in before or record["state"]["S"] == "SUCCEEDED",
                f"{partition} was taken from {before['run']['S']}, which was neither closed nor reported",
            )

    def _check_records(self, partition: str) -> None:
        for execution in self._world.executions.values():
            record = self._item(partition, f"run#{execution.name}")
            if execution.is_running and execution.state != "Close" and record:
                over = record["state"]["S"] not in ("RUNNING", "SUCCEEDED")
                self._hold(
                    not over or int(record["redrive"]["N"]) < execution.redrives,
                    f"the record of {execution.name} says {record['state']['S']}, and it is running",
                )
        holder = self._item(partition, "lock").get("run")
        if holder is not None:
            execution = self._world.executions[holder["S"]]
            self._hold(
                execution.is_running or (execution.status != "SUCCEEDED" and not execution.closed),
                f"{partition} is held by {execution.name}, which is over",
            )

    def _check_group(self) -> None:
        pointers = [self._item(f"export#{export}", "published") for export in EXPORTS]
        told = self._world.athena.rows(self._world.glue.tables[GROUP]["ViewOriginalText"])
        self._hold(
            len({row.split()[1] for row in told}) <= 1, f"the view of the group tells of two moments: {told}"
        )
        if not self._only_groups or any("next" in pointer for pointer in pointers):
            return
        moments = {self._moment(export) for export in EXPORTS}
        self._hold(len(moments) == 1, f"the group's views show two moments: {moments}")
        moment = moments.pop()
        wanted = [] if moment is None else [f"{export} {moment}" for export in EXPORTS]
        self._hold(told == wanted, f"the views show {moment}, the view of the group tells {told}")

    def _moment(self, export: str) -> str | None:
        """What a member shows or, where it has no view, has published."""
        if self._is_readable(export):
            shown = self._world.athena.shown(export)
            return None if shown is None else shown[1]
        published = self._item(f"export#{export}", "published").get("snapshot")
        return None if published is None else str(published["S"])

    def _check_nothing_left(self, export: str) -> None:
        snapshots = self._snapshots(export)
        catalogued = snapshots if self._is_readable(export) else {}
        wanted = {(self._table(export, entry), snapshot) for snapshot, entry in catalogued.items()}
        found = {key for key in self._world.glue.partitions if key[0].startswith(f"snapshots_{export}")}
        self._hold(found == wanted, f"partitions are left: {sorted(found - wanted)}")
        listed = {
            key
            for entry in snapshots.values()
            for key in _keys(self._world.s3.objects[split_s3_uri(entry["manifest"]["S"])[1]])
        }
        files = {key for key in self._world.s3.objects if key.startswith(f"snapshots_{export}/")}
        self._hold(files == listed, f"data files are left: {sorted(files - listed)}")

    def _snapshots(self, export: str) -> dict[str, dict[str, Any]]:
        return {
            sort.removeprefix("snapshot#"): item
            for (partition, sort), item in self._world.dynamodb.items.items()
            if partition == f"export#{export}" and sort.startswith("snapshot#") and "state" in item
        }

    def _table(self, export: str, entry: dict[str, Any]) -> str:
        return self._world.exports[export].names.table_of(int(entry["generation"]["N"]))

    def _item(self, partition: str, sort: str) -> dict[str, Any]:
        return self._world.dynamodb.items.get((partition, sort), {})


def _fence(lock: dict[str, Any]) -> int:
    return int(lock.get("fence", {"N": "0"})["N"])


@lru_cache(maxsize=10_000)
def _keys(manifest: bytes) -> tuple[str, ...]:
    return tuple(file.key for file in Manifest.model_validate_json(manifest).files)
