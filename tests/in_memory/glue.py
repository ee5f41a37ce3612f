"""The Glue catalog and Glue's job runs in memory: the operations that Lakeshot uses, and no others."""
# ruff: noqa: N803  # arguments are named as boto3 names them

from collections.abc import Mapping, Sequence
from typing import Any

from tests.in_memory.errors import fail
from tests.in_memory.service import Service


class GlueInMemory(Service):
    """One database. UpdateTable takes only the version that is current."""

    def __init__(self) -> None:
        self.tables: dict[str, dict[str, Any]] = {}
        self.partitions: dict[tuple[str, ...], dict[str, Any]] = {}
        self.job_runs: dict[str, dict[str, Any]] = {}

    @staticmethod
    def brief(given: Mapping[str, Any]) -> str:
        batch = given.get("PartitionInputList") or given.get("PartitionsToDelete") or ()
        values = [value for one in batch for value in one["Values"]]
        table = given.get("Name") or given.get("TableName") or given.get("TableInput", {}).get("Name")
        version = f" of version {given['VersionId']}" if "VersionId" in given else ""
        return " ".join([str(table or given.get("JobName")), *values]) + version

    def get_table(self, *, DatabaseName: str, Name: str) -> dict[str, Any]:
        return {"Table": dict(self._table(Name))}

    def create_table(self, *, DatabaseName: str, TableInput: Mapping[str, Any]) -> dict[str, Any]:
        if TableInput["Name"] in self.tables:
            fail("AlreadyExistsException")
        self.tables[TableInput["Name"]] = {**TableInput, "VersionId": "0"}
        return {}

    def update_table(
        self, *, DatabaseName: str, TableInput: Mapping[str, Any], VersionId: str, SkipArchive: bool
    ) -> dict[str, Any]:
        there = self._table(TableInput["Name"])
        if there["VersionId"] != VersionId:
            fail("ConcurrentModificationException")
        self.put_table(TableInput)
        return {}

    def put_table(self, table: Mapping[str, Any]) -> None:
        """Write a table whatever was there, as Athena does."""
        before = self.tables.get(table["Name"], {"VersionId": "-1"})
        self.tables[table["Name"]] = {**table, "VersionId": str(int(before["VersionId"]) + 1)}

    def delete_table(self, *, DatabaseName: str, Name: str) -> dict[str, Any]:
        self._table(Name)
        del self.tables[Name]
        for key in [key for key in self.partitions if key[0] == Name]:
            del self.partitions[key]
        return {}

    def get_partitions(
        self, *, DatabaseName: str, TableName: str, ExcludeColumnSchema: bool, Expression: str = ""
    ) -> dict[str, Any]:
        """An expression says what the first value is, or there is none."""
        self._table(TableName)
        wanted = Expression.partition(" = ")[2].strip("'")
        found = (one for (table, *_), one in sorted(self.partitions.items()) if table == TableName)
        return {"Partitions": [dict(one) for one in found if not wanted or one["Values"][0] == wanted]}

    def batch_create_partition(
        self, *, DatabaseName: str, TableName: str, PartitionInputList: Sequence[Mapping[str, Any]]
    ) -> dict[str, Any]:
        self._table(TableName)
        errors = []
        for one in PartitionInputList:
            key = (TableName, *one["Values"])
            if key in self.partitions:
                errors.append(_refused("PartitionValues", one["Values"], "AlreadyExistsException"))
            else:
                self.partitions[key] = dict(one)
        return {"Errors": errors}

    def batch_update_partition(
        self, *, DatabaseName: str, TableName: str, Entries: Sequence[Mapping[str, Any]]
    ) -> dict[str, Any]:
        self._table(TableName)
        errors = []
        for entry in Entries:
            key = (TableName, *entry["PartitionValueList"])
            if key not in self.partitions:
                gone = _refused("PartitionValueList", entry["PartitionValueList"], "EntityNotFoundException")
                errors.append(gone)
            else:
                self.partitions[key] = dict(entry["PartitionInput"])
        return {"Errors": errors}

    def batch_delete_partition(
        self, *, DatabaseName: str, TableName: str, PartitionsToDelete: Sequence[Mapping[str, Any]]
    ) -> dict[str, Any]:
        self._table(TableName)
        errors = []
        for one in PartitionsToDelete:
            if self.partitions.pop((TableName, *one["Values"]), None) is None:
                errors.append(_refused("PartitionValues", one["Values"], "EntityNotFoundException"))
        return {"Errors": errors}

    def get_job_runs(self, *, JobName: str) -> dict[str, Any]:
        return {"JobRuns": [dict(one) for one in self.job_runs.values() if one["JobName"] == JobName]}

    def get_job_run(self, *, JobName: str, RunId: str) -> dict[str, Any]:
        return {"JobRun": dict(self.job_runs[RunId])}

    def batch_stop_job_run(self, *, JobName: str, JobRunIds: Sequence[str]) -> dict[str, Any]:
        for name in JobRunIds:
            if self.job_runs[name]["JobRunState"] == "RUNNING":
                self.job_runs[name]["JobRunState"] = "STOPPING"
        return {}

    def _table(self, name: str) -> dict[str, Any]:
        if name not in self.tables:
            fail("EntityNotFoundException")
        return self.tables[name]


def _refused(member: str, values: Sequence[str], code: str) -> dict[str, Any]:
    return {member: list(values), "ErrorDetail": {"ErrorCode": code}}
