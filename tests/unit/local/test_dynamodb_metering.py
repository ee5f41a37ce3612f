"""The DynamoDB service with its meter, called in this process."""

import asyncio
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from ministack.services import dynamodb

from local.dynamodb.service import Metering

MEGABYTE = 1 << 20


class Service:
    """Operations of the metered service; errors come back as documents with ``__type``."""

    def __init__(self) -> None:
        self._metering = Metering(dynamodb.handle_request)

    def call(self, operation: str, **request: object) -> dict[str, Any]:
        headers = {"x-amz-target": f"DynamoDB_20120810.{operation}"}
        body = json.dumps(request).encode()
        answer = asyncio.run(self._metering.handle("POST", "/", headers, body, {}))
        document: dict[str, Any] = json.loads(answer[2])
        return document

    def make(
        self, name: str = "reviews", *, read_units: int = 0, sort_key: bool = False, **settings: object
    ) -> None:
        """Make a table: provisioned with these units, or on demand; ``settings`` are its tags."""
        keys = [("pk", "HASH", "S")] + ([("sk", "RANGE", "N")] if sort_key else [])
        billing: dict[str, object] = {"BillingMode": "PAY_PER_REQUEST"}
        if read_units:
            billing = {"ProvisionedThroughput": {"ReadCapacityUnits": read_units, "WriteCapacityUnits": 1}}
        tags = [{"Key": f"lakeshot-local:{k.replace('_', '-')}", "Value": v} for k, v in settings.items()]
        self.call(
            "CreateTable",
            TableName=name,
            KeySchema=[{"AttributeName": name, "KeyType": kind} for name, kind, _ in keys],
            AttributeDefinitions=[{"AttributeName": n, "AttributeType": t} for n, _, t in keys],
            Tags=tags,
            **billing,
        )

    def put(self, pk: str, size_bytes: int = 100, **attributes: object) -> None:
        """Put an item of exactly this size."""
        item = {"pk": {"S": pk}, **attributes, "x": {"S": ""}}
        missing = size_bytes - (2 + len(pk) + 1) - (2 + 2 if "sk" in attributes else 0)
        item["x"] = {"S": "x" * missing}
        assert "__type" not in self.call("PutItem", TableName="reviews", Item=item)

    def scan_all(self, **request: object) -> list[dict[str, Any]]:
        """Return every page of a Scan."""
        pages = [self.call("Scan", TableName="reviews", **request)]
        while "LastEvaluatedKey" in pages[-1]:
            after = pages[-1]["LastEvaluatedKey"]
            pages.append(self.call("Scan", TableName="reviews", ExclusiveStartKey=after, **request))
        return pages

    def units(self, operation: str, **request: object) -> float:
        """Return the units that a read says it cost."""
        answer = self.call(operation, TableName="reviews", ReturnConsumedCapacity="TOTAL", **request)
        return float(answer["ConsumedCapacity"]["CapacityUnits"])


@pytest.fixture
def service() -> Iterator[Service]:
    dynamodb.reset()
    yield Service()
    dynamodb.reset()


def keys(pages: list[dict[str, Any]]) -> list[str]:
    return [item["pk"]["S"] for page in pages for item in page["Items"]]


def test_a_scan_sums_before_it_rounds(service: Service) -> None:
    """Nine items of 1,000 bytes are three units strongly read, half of it eventually."""
    service.make()
    for i in range(9):
        service.put(str(i), 1000)
    assert service.units("Scan") == 1.5
    assert service.units("Scan", ConsistentRead=True) == 3
    assert service.units("Scan", Select="COUNT") == 1.5
    assert service.units("Scan", Limit=2) == 0.5


def test_a_filter_or_projection_makes_no_read_cheaper(service: Service) -> None:
    """What is read is charged, not what is returned."""
    service.make(sort_key=True)
    for i in range(1, 10):
        service.put("a", 1000, sk={"N": str(i)})
    narrow = {
        "FilterExpression": "sk = :one",
        "ExpressionAttributeValues": {":one": {"N": "1"}},
        "ProjectionExpression": "pk",
    }
    assert service.units("Scan", **narrow) == 1.5
    key = {"KeyConditionExpression": "pk = :a", "ExpressionAttributeValues": {":a": {"S": "a"}}}
    assert service.units("Query", **key) == 1.5
    assert service.units("Query", **key, ProjectionExpression="sk", ConsistentRead=True) == 3
    filtered = {
        "KeyConditionExpression": "pk = :a",
        "FilterExpression": "x = :b",
        "ExpressionAttributeValues": {":a": {"S": "a"}, ":b": {"S": "b"}},
    }
    assert service.units("Query", **filtered) == 1.5
    assert (
        service.units("GetItem", Key={"pk": {"S": "a"}, "sk": {"N": "1"}}, ProjectionExpression="pk") == 0.5
    )


def test_single_reads_cost_their_item(service: Service) -> None:
    """GetItem rounds its item up; a missing one costs a step; a batch adds them up."""
    service.make()
    service.put("small", 100)
    service.put("large", 9000)
    assert service.units("GetItem", Key={"pk": {"S": "large"}}) == 1.5
    assert service.units("GetItem", Key={"pk": {"S": "large"}}, ConsistentRead=True) == 3
    assert service.units("GetItem", Key={"pk": {"S": "missing"}}) == 0.5
    batch = {"reviews": {"Keys": [{"pk": {"S": name}} for name in ("small", "large", "missing")]}}
    answer = service.call("BatchGetItem", RequestItems=batch, ReturnConsumedCapacity="TOTAL")
    assert answer["ConsumedCapacity"] == [{"TableName": "reviews", "CapacityUnits": 2.5}]
    assert len(answer["Responses"]["reviews"]) == 2


def test_capacity_is_told_only_when_asked(service: Service) -> None:
    """Without ReturnConsumedCapacity there is none; INDEXES tells the table's share."""
    service.make()
    assert "ConsumedCapacity" not in service.call("Scan", TableName="reviews")
    assert service.call("Scan", TableName="reviews", ReturnConsumedCapacity="INDEXES")[
        "ConsumedCapacity"
    ] == {
        "TableName": "reviews",
        "CapacityUnits": 0.5,
        "Table": {"CapacityUnits": 0.5},
    }


def test_a_page_holds_one_megabyte(service: Service) -> None:
    """Pages end before the item that would pass 1 MB, and cost 128 units each when full."""
    service.make()
    for i in range(10):
        service.put(str(i), MEGABYTE // 4)
    pages = service.scan_all(ReturnConsumedCapacity="TOTAL")
    assert [page["Count"] for page in pages] == [4, 4, 2]
    assert [page["ConsumedCapacity"]["CapacityUnits"] for page in pages] == [128, 128, 64]
    assert sorted(keys(pages)) == [str(i) for i in range(10)]


def test_a_limit_ends_a_page_without_looking_ahead(service: Service) -> None:
    """A page that ends at its limit has a key even when nothing follows."""
    service.make()
    for i in range(4):
        service.put(str(i))
    pages = service.scan_all(Limit=2)
    assert [page["Count"] for page in pages] == [2, 2, 0]


@pytest.mark.parametrize("total", [1, 2, 8, 1000])
def test_segments_share_the_table_without_overlap(service: Service, total: int) -> None:
    """Every item is in exactly one segment."""
    service.make()
    for i in range(60):
        service.put(str(i))
    found = [
        key
        for segment in range(total)
        for key in keys(service.scan_all(Segment=segment, TotalSegments=total, Limit=7))
    ]
    assert sorted(found) == sorted(str(i) for i in range(60))


def test_one_partition_key_is_in_one_segment(service: Service) -> None:
    """Items of a partition stay together, in the order of their sort keys' numbers."""
    service.make(sort_key=True)
    for i in (10, 9, -1, 2):
        service.put("a", 1000, sk={"N": str(i)})
    pages = [service.call("Scan", TableName="reviews", Segment=s, TotalSegments=4) for s in range(4)]
    filled = [page["Items"] for page in pages if page["Items"]]
    assert [[item["sk"]["N"] for item in items] for items in filled] == [["-1", "2", "9", "10"]]


def test_a_scan_sees_every_kind_of_write(service: Service) -> None:
    """Puts, updates, deletes, batches, transactions and statements are all in the next Scan."""
    service.make()
    service.put("a")
    service.put("b")
    service.scan_all()
    service.call("DeleteItem", TableName="reviews", Key={"pk": {"S": "a"}})
    service.call(
        "UpdateItem",
        TableName="reviews",
        Key={"pk": {"S": "b"}},
        UpdateExpression="SET n = :one",
        ExpressionAttributeValues={":one": {"N": "1"}},
    )
    put = [{"PutRequest": {"Item": {"pk": {"S": "c"}}}}]
    service.call("BatchWriteItem", RequestItems={"reviews": put})
    service.call(
        "TransactWriteItems", TransactItems=[{"Put": {"TableName": "reviews", "Item": {"pk": {"S": "d"}}}}]
    )
    service.call("ExecuteStatement", Statement="INSERT INTO reviews VALUE {'pk': 'e'}")
    pages = service.scan_all()
    assert sorted(keys(pages)) == ["b", "c", "d", "e"]
    assert {item["pk"]["S"]: item.get("n") for item in pages[0]["Items"]}["b"] == {"N": "1"}


def test_writes_that_pass_the_meter_by_are_noticed(service: Service) -> None:
    """An item stored or removed behind the meter's back is seen all the same."""
    service.make()
    service.put("a")
    service.put("b")
    service.scan_all()
    table = dynamodb._tables["reviews"]
    dynamodb._set_item(table, "c", "__no_sort__", {"pk": {"S": "c"}})
    dynamodb._set_item(table, "b", "__no_sort__", {"pk": {"S": "b"}, "n": {"N": "7"}})
    dynamodb._remove_item(table, "a", "__no_sort__")
    pages = service.scan_all()
    assert sorted(keys(pages)) == ["b", "c"]
    assert {"pk": {"S": "b"}, "n": {"N": "7"}} in pages[0]["Items"]


def test_a_table_made_again_starts_afresh(service: Service) -> None:
    """Nothing of a deleted table is left under its name."""
    service.make()
    service.put("a")
    service.scan_all()
    service.call("DeleteTable", TableName="reviews")
    service.make()
    assert service.scan_all() == [{"Items": [], "Count": 0, "ScannedCount": 0}]


def test_a_provisioned_table_throttles_beyond_its_units(service: Service) -> None:
    """Without burst, a read that empties the second's units makes the next one fail as on AWS."""
    service.make(read_units=5, burst_seconds="0")
    service.put("a", 80_000)
    assert service.units("GetItem", Key={"pk": {"S": "a"}}) == 10
    for operation in ({"Key": {"pk": {"S": "a"}}}, {}):
        refused = service.call("GetItem" if operation else "Scan", TableName="reviews", **operation)
        assert refused["__type"] == "com.amazonaws.dynamodb.v20120810#ProvisionedThroughputExceededException"
        assert refused["ThrottlingReasons"] == [
            {
                "reason": "TableReadProvisionedThroughputExceeded",
                "resource": "arn:aws:dynamodb:us-east-1:000000000000:table/reviews",
            }
        ]


def test_burst_lets_a_table_exceed_its_units(service: Service) -> None:
    """300 seconds of saved units are spent before anything is refused."""
    service.make(read_units=1)
    service.put("a", 40_000)
    outcomes = ["__type" in service.call("Scan", TableName="reviews") for _ in range(70)]
    assert outcomes[:60] == [False] * 60
    assert any(outcomes[60:])


def test_a_batch_of_throttled_tables_is_refused_or_returned(service: Service) -> None:
    """All throttled: an error. Some: they come back as UnprocessedKeys."""
    service.make(read_units=1, burst_seconds="0")
    service.make("free")
    service.put("a", 40_000)
    key = {"Keys": [{"pk": {"S": "a"}}]}
    service.call("BatchGetItem", RequestItems={"reviews": key})
    assert service.call("BatchGetItem", RequestItems={"reviews": key})["__type"].endswith(
        "#ProvisionedThroughputExceededException"
    )
    partly = service.call("BatchGetItem", RequestItems={"reviews": key, "free": key})
    assert partly["UnprocessedKeys"] == {"reviews": key}
    assert partly["Responses"] == {"free": []}


def test_an_on_demand_maximum_throttles(service: Service) -> None:
    """MaxReadRequestUnits is a limit of its own, with its own error."""
    service.make(burst_seconds="0")
    service.call("UpdateTable", TableName="reviews", OnDemandThroughput={"MaxReadRequestUnits": 1})
    service.put("a", 40_000)
    assert "__type" not in service.call("Scan", TableName="reviews")
    refused = service.call("Scan", TableName="reviews")
    assert refused["__type"] == "com.amazonaws.dynamodb.v20120810#ThrottlingException"


def test_statistics_may_be_stale(service: Service) -> None:
    """With AWS's six hours, counts stay as they were first told; by default they are fresh."""
    service.make(statistics_seconds="21600")
    service.put("a", 100)

    def counts() -> tuple[int, int]:
        table = service.call("DescribeTable", TableName="reviews")["Table"]
        return table["ItemCount"], table["TableSizeBytes"]

    assert counts() == (1, 100)
    service.put("b", 50)
    assert counts() == (1, 100)
    arn = "arn:aws:dynamodb:us-east-1:000000000000:table/reviews"
    service.call("UntagResource", ResourceArn=arn, TagKeys=["lakeshot-local:statistics-seconds"])
    assert counts() == (2, 150)


def test_reads_are_logged(service: Service, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every read leaves table and units in the log, for whoever watches a budget."""
    log = tmp_path / "reads.jsonl"
    monkeypatch.setenv("LAKESHOT_READ_LOG", str(log))
    service.make()
    service.put("a", 9000)
    service.call("Scan", TableName="reviews")
    service.call("GetItem", TableName="reviews", Key={"pk": {"S": "a"}}, ConsistentRead=True)
    lines = [json.loads(line) for line in log.read_text().splitlines()]
    assert [(line["table"], line["units"]) for line in lines] == [("reviews", 1.5), ("reviews", 3.0)]
    assert lines[0]["time"] <= lines[1]["time"]


@pytest.mark.parametrize(
    "request_",
    [
        {"Segment": 1},
        {"Segment": 2, "TotalSegments": 2},
        {"Limit": 0},
        {"ExclusiveStartKey": {"other": {"S": "a"}}},
        {"Select": "SPECIFIC_ATTRIBUTES"},
    ],
)
def test_an_invalid_scan_is_refused(service: Service, request_: dict[str, object]) -> None:
    """What AWS does not accept is left to the service, which says why."""
    service.make()
    assert service.call("Scan", TableName="reviews", **request_)["__type"].endswith("ValidationException")
