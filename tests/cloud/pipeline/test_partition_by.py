"""Snapshots whose rows lie in folders by the values of some attributes."""

from collections.abc import Mapping
from typing import Any

import pytest

from tests.cloud.pipeline.pipeline import DATABASE, Pipeline

pytestmark = pytest.mark.cloud

KINDS = {
    "a": "a/b=c%",
    "b": "",
    "c": "__HIVE_DEFAULT_PARTITION__",
    "d": 'it\'s "Zürich" 🚀',
    "e": "two\nlines",
    "f": "..",
    "g": "%5F",
}
"""Texts by id that mean something to a path, to Hive or to SQL; of other ids there is none."""
NUMBERS = {"a": "1", "b": "-12345678901234567890", "c": "99999999999999999999", "d": "0"}
PAID = {"a": True, "b": False}
IDS = "abcdefgh"
FOLDERS = {
    "a": "kind=a%2Fb%3Dc%25/number=1/paid=true/",
    "b": "kind=%5F/number=-12345678901234567890/paid=false/",
    "h": "kind=__HIVE_DEFAULT_PARTITION__/number=__HIVE_DEFAULT_PARTITION__/paid=__HIVE_DEFAULT_PARTITION__/",
}
SHOWN = (
    "SELECT id, coalesce('=' || kind, 'null') AS kind, coalesce(CAST(number AS varchar), 'null') AS number, "
    "coalesce(CAST(paid AS varchar), 'null') AS paid, other FROM \"{}\" ORDER BY id"
)


def item(id_: str) -> dict[str, Any]:
    found: dict[str, Any] = {"Id": {"S": id_}, "Other": {"S": f"of {id_}"}}
    if id_ in KINDS:
        found["Kind"] = {"S": KINDS[id_]}
    if id_ in NUMBERS:
        found["Number"] = {"N": NUMBERS[id_]}
    if id_ in PAID:
        found["Paid"] = {"BOOL": PAID[id_]}
    return found


def shown(id_: str) -> Mapping[str, str]:
    """A row as the view has it; numbers are decimals, because one of them is larger than a bigint."""
    number = f"{NUMBERS[id_]}.{'0' * 18}" if id_ in NUMBERS else "null"
    return {
        "id": id_,
        "kind": f"={KINDS[id_]}" if id_ in KINDS else "null",
        "number": number,
        "paid": str(PAID[id_]).lower() if id_ in PAID else "null",
        "other": f"of {id_}",
    }


def keys(pipeline: Pipeline, table: str) -> list[tuple[str, ...]]:
    pages = pipeline.client("glue").get_paginator("get_partitions")
    found = pages.paginate(DatabaseName=DATABASE, TableName=table)
    return sorted(tuple(one["Values"]) for page in found for one in page["Partitions"])


def test_rows_are_kept_apart_by_their_values_and_shown_as_they_were(pipeline: Pipeline) -> None:
    """Every value comes back from its folder's name; a new one, and a wider number, need no other table."""
    pipeline.make_table("Partitioned", map(item, IDS))
    csv = pipeline.start("partitioned-csv")
    first = str(pipeline.record("partitioned", pipeline.succeed("partitioned")).snapshot)

    assert pipeline.rows(SHOWN.format("partitioned")) == [shown(id_) for id_ in IDS]
    manifest = pipeline.manifest("partitioned", first)
    folders = {file.key.removeprefix(manifest.prefix).rpartition("/")[0] + "/" for file in manifest.files}
    assert folders >= set(FOLDERS.values())
    assert len(folders) == len(IDS)
    table = "snapshots_partitioned"
    assert {values[0] for values in keys(pipeline, table)} == {first}
    assert len(keys(pipeline, table)) == len(IDS)
    stored = pipeline.client("glue").get_table(DatabaseName=DATABASE, Name=table)["Table"]
    assert [key["Name"] for key in stored["PartitionKeys"]] == [
        "snapshot_timestamp", "kind", "number", "paid",
    ]  # fmt: skip
    view = pipeline.client("glue").get_table(DatabaseName=DATABASE, Name="partitioned")["Table"]
    assert [(one["Name"], one["Type"]) for one in view["StorageDescriptor"]["Columns"]] == [
        ("id", "string"),
        ("kind", "string"),
        ("number", "decimal(38,18)"),
        ("other", "string"),
        ("paid", "boolean"),
        ("snapshot_timestamp", "string"),
    ]

    ended = pipeline.end(csv)
    assert ended.status == "SUCCEEDED", f"{ended.error}: {ended.cause}"
    assert pipeline.rows(SHOWN.format("partitioned_csv")) == [shown(id_) for id_ in IDS]

    wide = "0.00000000000000000000001"
    put = pipeline.client("dynamodb").put_item
    put(TableName="Partitioned", Item={**item("i"), "Kind": {"S": "new"}, "Number": {"N": wide}})
    record = pipeline.record("partitioned", pipeline.succeed("partitioned"))
    second = str(record.snapshot)
    assert record.generation == 1
    assert record.schema_change == "'Number' is number_text, was decimal(38,18)"
    [row] = pipeline.rows("SELECT number FROM \"partitioned\" WHERE kind = 'new'")
    assert row == {"number": wide}
    [row] = pipeline.rows("SELECT count(*) AS n, min(number) AS number FROM \"partitioned\" WHERE id = 'a'")
    assert row == {"n": 1, "number": "1"}
    assert len(keys(pipeline, table)) == 2 * len(IDS) + 1
    pipeline.assert_settled("partitioned", shown=second, kept=[first, second])

    put(TableName="Partitioned", Item={**item("j"), "Kind": {"M": {"secret": {"S": "x"}}}})
    failed = pipeline.run("partitioned")
    assert failed.status == "FAILED"
    error = str(pipeline.record("partitioned", failed.run).error)
    assert error.startswith(
        "PartitionError: attribute 'Kind' has values of the type json, and 'partition_by'"
    )
    assert "secret" not in error
    pipeline.assert_settled("partitioned", shown=second, kept=[first, second])
    assert len(keys(pipeline, table)) == 2 * len(IDS) + 1
