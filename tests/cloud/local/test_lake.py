"""Crawler and Athena in the running embedded cloud, under IAM and over TLS."""

import io
import json
from typing import Any

import awswrangler as wr
import boto3
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.cloud.local.account import REGION, Account, wait_for

pytestmark = pytest.mark.cloud

LAKE = "a-lake"
QUERY_ACTIONS = [
    "athena:StartQueryExecution",
    "athena:GetQueryExecution",
    "athena:GetQueryResults",
    "athena:GetWorkGroup",
    "athena:StopQueryExecution",
    "glue:GetDatabase",
    "glue:GetTable",
    "glue:GetPartitions",
    "s3:GetBucketLocation",
    "s3:ListBucket",
    "s3:GetObject",
    "s3:PutObject",
]
CRAWL_ACTIONS = [
    "glue:GetDatabase",
    "glue:GetTable",
    "glue:CreateTable",
    "glue:UpdateTable",
    "glue:GetPartitions",
    "glue:BatchCreatePartition",
    "glue:BatchUpdatePartition",
    "s3:ListBucket",
    "s3:GetObject",
]


@pytest.fixture(scope="module")
def lake(account: Account) -> Account:
    """Two snapshots of two reviews on S3, an empty database, a workgroup, and a crawler that has run."""
    account.client("s3").create_bucket(Bucket=LAKE)
    for value in ("20261121T000000Z", "20261122T000000Z"):
        buffer = io.BytesIO()
        pq.write_table(pa.table({"id": ["a", "b"], "rating": [1, 2], "tags": [["x"], None]}), buffer)
        key = f"snapshots_reviews/snapshot_timestamp={value}/a.parquet"
        account.client("s3").put_object(Bucket=LAKE, Key=key, Body=buffer.getvalue())
    glue = account.client("glue")
    glue.create_database(DatabaseInput={"Name": "lakeshot"})
    location = {"OutputLocation": f"s3://{LAKE}/results/"}
    account.client("athena").create_work_group(
        Name="lakeshot-dev",
        Configuration={"ResultConfiguration": location, "EnforceWorkGroupConfiguration": True},
    )
    assert crawled(account, "reviews", CRAWL_ACTIONS)["Status"] == "SUCCEEDED"
    return account


def crawled(account: Account, name: str, actions: list[str]) -> dict[str, Any]:
    """Make a crawler whose role has these actions, run it and return its LastCrawl."""
    role = account.make_role(f"crawler-{name}", "glue.amazonaws.com", (actions, "*"))
    glue = account.client("glue")
    target = {"Path": f"s3://{LAKE}/snapshots_reviews/"}
    glue.create_crawler(Name=name, Role=role, DatabaseName="lakeshot", Targets={"S3Targets": [target]})
    glue.start_crawler(Name=name)
    with pytest.raises(glue.exceptions.CrawlerRunningException):
        glue.start_crawler(Name=name)
    crawler = wait_for(lambda: glue.get_crawler(Name=name)["Crawler"], lambda c: c["State"] == "READY")
    return dict(crawler["LastCrawl"])


def analyst(account: Account, name: str, actions: list[str]) -> boto3.Session:
    """Return a session of a user who may do these actions."""
    iam = account.client("iam")
    iam.create_user(UserName=name)
    statement = {"Effect": "Allow", "Action": actions, "Resource": "*"}
    policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    iam.put_user_policy(UserName=name, PolicyName="allowed", PolicyDocument=policy)
    key = iam.create_access_key(UserName=name)["AccessKey"]
    return boto3.Session(key["AccessKeyId"], key["SecretAccessKey"], region_name=REGION)


def query(account: Account, session: boto3.Session, sql: str) -> dict[str, Any]:
    """Run a query as the session's principal and return its execution."""
    athena: Any = Account(account.instance, session).client("athena")
    started = athena.start_query_execution(
        QueryString=sql, QueryExecutionContext={"Database": "lakeshot"}, WorkGroup="lakeshot-dev"
    )
    return wait_for(
        lambda: athena.get_query_execution(QueryExecutionId=started["QueryExecutionId"])["QueryExecution"],
        lambda execution: execution["Status"]["State"] not in {"QUEUED", "RUNNING"},
    )


def test_a_crawl_makes_the_table(lake: Account) -> None:
    """Table, columns, partition keys and partitions are in the catalog."""
    glue = lake.client("glue")
    table = glue.get_table(DatabaseName="lakeshot", Name="snapshots_reviews")["Table"]
    assert [(c["Name"], c["Type"]) for c in table["StorageDescriptor"]["Columns"]] == [
        ("id", "string"),
        ("rating", "bigint"),
        ("tags", "array<string>"),
    ]
    assert table["PartitionKeys"] == [{"Name": "snapshot_timestamp", "Type": "string"}]
    partitions = glue.get_partitions(DatabaseName="lakeshot", TableName="snapshots_reviews")["Partitions"]
    assert [p["Values"] for p in partitions] == [["20261121T000000Z"], ["20261122T000000Z"]]


def test_a_crawler_without_a_permission_says_which(lake: Account) -> None:
    """LastCrawl is FAILED with action and resource."""
    last = crawled(lake, "blind", [action for action in CRAWL_ACTIONS if action != "s3:ListBucket"])
    assert last["Status"] == "FAILED"
    assert "is not authorized to perform: s3:ListBucket on resource" in last["ErrorMessage"]
    assert f"arn:aws:s3:::{LAKE}" in last["ErrorMessage"]


def test_boto3_reads_a_result(lake: Account) -> None:
    """Types, header row, nulls and the bytes scanned, through the plain API."""
    execution = query(
        lake, lake.session, "SELECT id, tags FROM snapshots_reviews ORDER BY id, snapshot_timestamp"
    )
    assert execution["Status"]["State"] == "SUCCEEDED"
    assert execution["StatementType"] == "DML"
    assert execution["Statistics"]["DataScannedInBytes"] > 0
    query_id = execution["QueryExecutionId"]
    assert execution["ResultConfiguration"]["OutputLocation"] == f"s3://{LAKE}/results/{query_id}.csv"
    result = lake.client("athena").get_query_results(QueryExecutionId=query_id)["ResultSet"]
    assert [c["Type"] for c in result["ResultSetMetadata"]["ColumnInfo"]] == ["varchar", "array"]
    assert [[d.get("VarCharValue") for d in row["Data"]] for row in result["Rows"]] == [
        ["id", "tags"],
        ["a", "[x]"],
        ["a", "[x]"],
        ["b", None],
        ["b", None],
    ]


@pytest.fixture
def environment(lake: Account, monkeypatch: pytest.MonkeyPatch) -> boto3.Session:
    """The process's own AWS settings, which awswrangler uses."""
    for name, value in lake.instance.environment().items():
        monkeypatch.setenv(name, value)
    return boto3.Session(region_name=REGION)


def test_awswrangler_reads_a_query(environment: boto3.Session) -> None:
    """``read_sql_query`` without CTAS or UNLOAD gives typed columns."""
    frame = wr.athena.read_sql_query(
        "SELECT id, sum(rating) AS total, CAST(0.5 AS decimal(4,2)) AS x, TIMESTAMP '2026-11-21 00:00:00' t "
        "FROM snapshots_reviews GROUP BY id ORDER BY id",
        database="lakeshot",
        workgroup="lakeshot-dev",
        ctas_approach=False,
        unload_approach=False,
        boto3_session=environment,
        athena_query_wait_polling_delay=0.1,
    )
    assert frame["id"].tolist() == ["a", "b"]
    assert frame["total"].tolist() == [2, 4]
    assert [str(x) for x in frame["x"]] == ["0.50", "0.50"]
    assert [str(t) for t in frame["t"]] == ["2026-11-21 00:00:00"] * 2


def test_awswrangler_reads_an_earlier_result(lake: Account, environment: boto3.Session) -> None:
    """``get_query_results`` finds the CSV of a finished query."""
    execution = query(lake, lake.session, "SELECT count(*) AS n FROM snapshots_reviews")
    frame = wr.athena.get_query_results(execution["QueryExecutionId"], boto3_session=environment)
    assert frame.to_dict("list") == {"n": [4]}


def test_a_view_is_made_and_read_as_the_caller(lake: Account) -> None:
    """CREATE OR REPLACE VIEW and a read through it, by a user with just the permissions AWS asks for."""
    session = analyst(lake, "view-maker", [*QUERY_ACTIONS, "glue:CreateTable", "glue:UpdateTable"])
    newest = "snapshot_timestamp = '20261122T000000Z'"
    made = query(
        lake, session, f"CREATE OR REPLACE VIEW reviews AS SELECT * FROM snapshots_reviews WHERE {newest}"
    )
    assert made["Status"]["State"] == "SUCCEEDED", made["Status"]
    assert made["ResultConfiguration"]["OutputLocation"].endswith(".txt")
    read = query(lake, session, "SELECT * FROM reviews")
    rows = lake.client("athena").get_query_results(QueryExecutionId=read["QueryExecutionId"])
    assert len(rows["ResultSet"]["Rows"]) == 1 + 2


def test_every_writer_of_the_catalog_changes_a_table_s_version(lake: Account) -> None:
    """CREATE OR REPLACE VIEW and a crawl change VersionId, and so does an update to the same definition."""
    glue = lake.client("glue")

    def version(name: str) -> str:
        return str(glue.get_table(DatabaseName="lakeshot", Name=name)["Table"]["VersionId"])

    for _ in range(2):
        made = query(lake, lake.session, "CREATE OR REPLACE VIEW versioned AS SELECT 1 AS one")
        assert made["Status"]["State"] == "SUCCEEDED", made["Status"]
    view = glue.get_table(DatabaseName="lakeshot", Name="versioned")["Table"]
    assert view["VersionId"] != "1"
    kept = ("Name", "StorageDescriptor", "TableType", "Parameters", "ViewOriginalText", "ViewExpandedText")
    update = {
        "DatabaseName": "lakeshot",
        "TableInput": {name: view[name] for name in kept},
        "VersionId": view["VersionId"],
        "SkipArchive": True,
    }
    glue.update_table(**update)
    assert version("versioned") != view["VersionId"]
    with pytest.raises(glue.exceptions.ConcurrentModificationException):
        glue.update_table(**update)
    moved = version("versioned")
    query(lake, lake.session, "CREATE OR REPLACE VIEW versioned AS SELECT 2 AS one")
    assert version("versioned") != moved
    before = version("snapshots_reviews")
    assert crawled(lake, "again", CRAWL_ACTIONS)["Status"] == "SUCCEEDED"
    assert version("snapshots_reviews") != before


def test_a_crawler_of_new_folders_remembers_what_it_crawled(lake: Account) -> None:
    """Its second crawl adds the new folder only, and not the partition that was removed meanwhile."""
    glue, s3 = lake.client("glue"), lake.client("s3")
    buffer = io.BytesIO()
    pq.write_table(pa.table({"id": ["a"]}), buffer)

    def crawl() -> list[list[str]]:
        glue.start_crawler(Name="incremental")
        ended = wait_for(
            lambda: glue.get_crawler(Name="incremental")["Crawler"], lambda c: c["State"] == "READY"
        )
        assert ended["LastCrawl"]["Status"] == "SUCCEEDED", ended
        found = glue.get_partitions(DatabaseName="lakeshot", TableName="incremental")["Partitions"]
        return sorted(partition["Values"] for partition in found)

    def put(value: str) -> None:
        s3.put_object(Bucket=LAKE, Key=f"incremental/day={value}/a.parquet", Body=buffer.getvalue())

    glue.create_crawler(
        Name="incremental",
        Role=lake.make_role("crawler-incremental", "glue.amazonaws.com", (CRAWL_ACTIONS, "*")),
        DatabaseName="lakeshot",
        Targets={"S3Targets": [{"Path": f"s3://{LAKE}/incremental/"}]},
        SchemaChangePolicy={"UpdateBehavior": "LOG", "DeleteBehavior": "LOG"},
        RecrawlPolicy={"RecrawlBehavior": "CRAWL_NEW_FOLDERS_ONLY"},
    )
    assert "LastCrawl" not in glue.get_crawler(Name="incremental")["Crawler"]
    put("1")
    put("2")
    assert crawl() == [["1"], ["2"]]
    glue.delete_partition(DatabaseName="lakeshot", TableName="incremental", PartitionValues=["1"])
    put("3")
    assert crawl() == [["2"], ["3"]]


def test_a_crawl_can_be_stopped(lake: Account) -> None:
    """StopCrawler is refused before and after a crawl, and a stopped crawler becomes READY again."""
    glue = lake.client("glue")
    crawled(lake, "stoppable", CRAWL_ACTIONS)
    with pytest.raises(glue.exceptions.CrawlerNotRunningException):
        glue.stop_crawler(Name="stoppable")
    glue.start_crawler(Name="stoppable")
    glue.stop_crawler(Name="stoppable")
    with pytest.raises(glue.exceptions.CrawlerStoppingException):
        glue.stop_crawler(Name="stoppable")
    crawler = wait_for(lambda: glue.get_crawler(Name="stoppable")["Crawler"], lambda c: c["State"] == "READY")
    assert crawler["LastCrawl"]["Status"] == "CANCELLED"


@pytest.mark.parametrize(
    "missing", ["s3:GetObject", "s3:ListBucket", "glue:GetTable", "glue:GetPartitions", "s3:PutObject"]
)
def test_a_missing_permission_fails_the_query_by_name(lake: Account, missing: str) -> None:
    """The reason names the action that the caller lacks."""
    session = analyst(lake, f"no-{missing.replace(':', '-')}", [a for a in QUERY_ACTIONS if a != missing])
    failed = query(lake, session, "SELECT id FROM snapshots_reviews")["Status"]
    assert failed["State"] == "FAILED"
    assert failed["StateChangeReason"].startswith("PERMISSION_DENIED: ")
    assert f"not authorized to perform: {missing} on resource" in failed["StateChangeReason"]


def test_a_query_can_be_stopped(lake: Account) -> None:
    """StopQueryExecution ends a long query as CANCELLED."""
    athena = lake.client("athena")
    numbers = "UNNEST(sequence(1, 100000))"
    endless = f"SELECT count(*) FROM {numbers} AS a(x), {numbers} AS b(y) WHERE x * y % 7 = 3"
    query_id = athena.start_query_execution(QueryString=endless, WorkGroup="lakeshot-dev")["QueryExecutionId"]
    athena.stop_query_execution(QueryExecutionId=query_id)
    status = athena.get_query_execution(QueryExecutionId=query_id)["QueryExecution"]["Status"]
    assert status["State"] == "CANCELLED"
