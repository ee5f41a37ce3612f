"""A segment is read to its end, within the budget, into files nobody can see yet."""

import json
from collections.abc import Callable, Mapping
from types import SimpleNamespace
from typing import TYPE_CHECKING, cast

import boto3
import pytest
from botocore.exceptions import ClientError, EndpointConnectionError

from lakeshot.commit.part import PartResult
from lakeshot.dynamodb.raw_client import ScanClient, raw_client
from lakeshot.dynamodb.scan import ScanPart, read_part
from lakeshot.errors import PermissionDeniedError, SourceError, ThrottledError
from lakeshot.files import Compression, FileFormat
from lakeshot.files.target import Target
from lakeshot.rate.budget import Progress, ReadBudget
from tests.unit.conftest import BUCKET
from tests.unit.scan_simulation import VirtualClock

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.client import DynamoDBClient
    from mypy_boto3_s3 import S3Client

TARGET = Target(
    bucket=BUCKET, prefix="data/", run="run-1", format=FileFormat.JSON, compression=Compression.NONE
)
PART = ScanPart(table="Reviews", segment=0, total_segments=1)
Answer = Callable[[], Mapping[str, object]]


def page(*ids: str, more: bool = False, units: float = 0.5, count: int | None = None) -> Answer:
    """A Scan response with these items."""
    body: dict[str, object] = {
        "ConsumedCapacity": {"CapacityUnits": units, "TableName": "Reviews"},
        "Count": len(ids) if count is None else count,
        "Items": [{"id": {"S": id_}} for id_ in ids],
        "ScannedCount": len(ids),
    }
    if more:
        body["LastEvaluatedKey"] = {"id": {"S": ids[-1] if ids else "nothing ] yet"}}
    answer = {"Body": json.dumps(body).encode(), "ResponseMetadata": {"HTTPHeaders": {}}}
    return lambda: answer


def refusal(code: str, message: str = "") -> Answer:
    def answer() -> Mapping[str, object]:
        raise ClientError({"Error": {"Code": code, "Message": message}}, "Scan")

    return answer


class Table:
    """A table that answers as it is told and remembers what it was asked."""

    def __init__(self, *answers: Answer) -> None:
        self.meta = SimpleNamespace(region_name="us-east-1")
        self._answers = iter(answers)
        self.asked: list[dict[str, object]] = []

    def scan(self, **request: object) -> Mapping[str, object]:
        self.asked.append(request)
        return next(self._answers)()


def read(
    s3: "S3Client", table: Table, part: ScanPart = PART, seen: list[Progress] | None = None
) -> PartResult:
    clock = VirtualClock()

    def sleep(seconds: float) -> None:
        clock.now += seconds

    return read_part(
        part,
        attempt=1,
        target=TARGET,
        scan=ScanClient(cast("DynamoDBClient", table)),
        s3=s3,
        budget=ReadBudget(100, clock=clock, on_progress=None if seen is None else seen.append),
        sleep=sleep,
        clock=clock,
    )


def test_pages_are_followed_to_the_end_of_the_segment(s3: "S3Client") -> None:
    """Every page starts where the last one ended; counts, units and rows are summed."""
    table = Table(page("a", "b", more=True), page(more=True), page("c", units=1.5))
    result = read(s3, table)
    assert [request.get("ExclusiveStartKey") for request in table.asked] == [
        None,
        {"id": {"S": "b"}},
        {"id": {"S": "nothing ] yet"}},
    ]
    assert (result.rows, result.source_count, result.pages, result.consumed_units) == (3, 3, 3, 2.5)
    assert [(file.key, file.rows, file.bytes) for file in result.files] == [
        ("data/part-00000-0000-4e65d3fb.json", 3, 33)
    ]


def test_the_first_page_asks_for_no_more_than_the_budget_allows(s3: "S3Client") -> None:
    """A page is as large as its share of the budget and asks for its own cost."""
    table = Table(page("a"))
    read(s3, table, ScanPart(table="Reviews", segment=0, total_segments=4, consistent_read=True))
    assert table.asked == [
        {
            "TableName": "Reviews",
            "Segment": 0,
            "TotalSegments": 4,
            "Limit": 1,
            "ConsistentRead": True,
            "ReturnConsumedCapacity": "TOTAL",
        }
    ]


def test_an_empty_segment_has_no_file(s3: "S3Client") -> None:
    """A page with no items ends a segment like any other."""
    result = read(s3, Table(page()))
    assert (result.files, result.rows, result.source_count, result.pages) == ((), 0, 0, 1)


def test_a_refused_page_is_asked_for_again(s3: "S3Client") -> None:
    """Throttling costs time, not rows."""
    throttled = refusal("ProvisionedThroughputExceededException")
    table = Table(page("a", more=True), throttled, throttled, page("b"))
    assert read(s3, table).rows == 2


def test_a_table_that_refuses_for_too_long_ends_the_attempt(s3: "S3Client") -> None:
    """Patience is bounded, and no upload stays behind."""
    table = Table(page("a", more=True), *[refusal("ThrottlingException")] * 100)
    with pytest.raises(ThrottledError, match="'Reviews' refuses reads for now"):
        read(s3, table, PART.model_copy(update={"patience_seconds": 30.0}))
    assert 6 <= len(table.asked) <= 20
    assert "Uploads" not in s3.list_multipart_uploads(Bucket=BUCKET)


def test_progress_is_reported(s3: "S3Client") -> None:
    """The driver learns of rows and units at the latest when the segment ends."""
    seen: list[Progress] = []
    read(s3, Table(page("a", "b", more=True), page("c")), seen=seen)
    assert seen[-1].rows == 3
    assert seen[-1].units == 1.0


def test_a_page_that_holds_less_than_it_says_is_an_error(s3: "S3Client") -> None:
    """The count of the source is never taken for what was decoded."""
    with pytest.raises(SourceError, match="3"):
        read(s3, Table(page("a", "b", count=3)))


def test_a_table_that_is_gone_is_named(s3: "S3Client") -> None:
    """The message says which table and what to do."""
    with pytest.raises(SourceError, match="'Reviews' does not exist in us-east-1; it may have been deleted"):
        read(s3, Table(refusal("ResourceNotFoundException")))


def test_a_missing_permission_is_named(s3: "S3Client") -> None:
    """Action and resource come from the service's message."""
    message = (
        "User: arn:aws:sts::1:assumed-role/job/run is not authorized to perform: dynamodb:Scan on resource: "
        "arn:aws:dynamodb:us-east-1:1:table/Reviews because no identity-based policy allows the action"
    )
    with pytest.raises(
        PermissionDeniedError, match=r"dynamodb:Scan on arn:aws:dynamodb:us-east-1:1:table/Reviews;"
    ):
        read(s3, Table(refusal("AccessDeniedException", message)))


def test_a_table_that_cannot_be_reached_is_named(s3: "S3Client") -> None:
    """What is left after botocore's own retries ends the attempt with a clear error."""

    def unreachable() -> Mapping[str, object]:
        raise EndpointConnectionError(endpoint_url="https://dynamodb.us-east-1.amazonaws.com")

    with pytest.raises(
        SourceError, match="'Reviews' cannot be reached: Could not connect to the endpoint URL"
    ):
        read(s3, Table(unreachable))


def test_a_page_damaged_on_its_way_is_not_taken(s3: "S3Client") -> None:
    """The body is held against the checksum DynamoDB sent with it."""
    answer = {"Body": b"{}", "ResponseMetadata": {"HTTPHeaders": {"x-amz-crc32": "1"}}}
    with pytest.raises(SourceError, match="was damaged on its way"):
        read(s3, Table(lambda: answer))


def test_a_real_client_gives_bytes_for_scan_only(aws: None) -> None:
    """Scan answers with the body as it was sent; other operations and errors are parsed as ever."""
    plain = boto3.client("dynamodb")
    plain.create_table(
        TableName="Reviews",
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
    )
    for id_ in ("a", "b"):
        plain.put_item(TableName="Reviews", Item={"id": {"S": id_}})
    client = raw_client()
    scan = ScanClient(client)
    ask = {"table": "Reviews", "segment": 0, "total_segments": 1, "limit": 1, "consistent": False}
    first = json.loads(scan.page(start_key=None, **ask))  # type: ignore[arg-type]
    assert (first["Count"], first["ScannedCount"]) == (1, 1)
    second = json.loads(scan.page(start_key=first["LastEvaluatedKey"], **ask))  # type: ignore[arg-type]
    assert sorted(item["id"]["S"] for page in (first, second) for item in page["Items"]) == ["a", "b"]
    assert client.describe_table(TableName="Reviews")["Table"]["TableName"] == "Reviews"
    with pytest.raises(SourceError, match="'Gone' does not exist"):
        scan.page(start_key=None, **{**ask, "table": "Gone"})  # type: ignore[arg-type]
