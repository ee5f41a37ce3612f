"""One contract test per hook into services; each fails when an upgrade moves what the hook holds on to."""

import asyncio
import base64
import re
import threading
import time
import zlib
from collections.abc import Mapping
from typing import Any

from ministack import app
from ministack.services import s3
from ministack.services.cloudformation import provisioners

from local.hooks import (
    AthenaQuery,
    Call,
    Crawl,
    JsonObject,
    ServiceError,
    ServiceHandler,
    job_definition,
    keep_job_fields,
    replace_athena_executor,
    replace_crawler,
    replace_operation,
    wrap_service,
)
from local.hooks.operations import Response
from local.hooks.s3 import keep_whole_object_checksums
from local.hooks.tables import replace_whole_tables
from tests.unit.local.hooks.calls import call, wait_for


def test_one_operation_is_replaced_and_others_stay() -> None:
    """A replaced operation answers with its function, an error becomes AWS's, the rest is ministack's."""

    def start(started: Call) -> JsonObject:
        if started.request["JobName"] == "unknown":
            raise ServiceError("EntityNotFoundException", "no such job")
        return {"JobRunId": f"{started.account} {started.region}"}

    replace_operation("glue", "StartJobRun", start)
    assert call("glue", "StartJobRun", {"JobName": "known"}) == {"JobRunId": "000000000000 us-east-1"}
    assert call("glue", "StartJobRun", {"JobName": "unknown"})["__type"] == "EntityNotFoundException"
    assert call("glue", "GetJobs", {}) == {"Jobs": []}


def test_a_wrapped_service_sees_every_request() -> None:
    """A wrapper stands between the request and the service."""
    seen: list[str] = []

    def wrapper(original: ServiceHandler) -> ServiceHandler:
        async def handler(
            method: str, path: str, headers: dict[str, str], body: bytes, query: Mapping[str, list[str]]
        ) -> Response:
            seen.append(headers["x-amz-target"])
            return await original(method, path, headers, body, query)

        return handler

    wrap_service("glue", wrapper)
    call("glue", "GetJobs", {})
    assert seen == ["AWSGlue.GetJobs"]


def test_a_replaced_crawler_crawls_in_the_scope_of_its_start() -> None:
    """StartCrawler runs the function with account, region and role; LastCrawl tells what became of it."""
    crawls: list[Crawl] = []

    def crawl(started: Crawl) -> JsonObject:
        crawls.append(started)
        raise ValueError("two schemas")

    replace_crawler(crawl)
    call("glue", "CreateCrawler", {"Name": "c", "Role": "crawling", "Targets": {}, "DatabaseName": "d"})
    call("glue", "StartCrawler", {"Name": "c"})

    def crawler() -> dict[str, Any]:
        shown: Any = call("glue", "GetCrawler", {"Name": "c"})["Crawler"]
        return dict(shown)

    wait_for(lambda: crawler()["State"] == "READY" and crawls)
    assert (crawls[0].account, crawls[0].region) == ("000000000000", "us-east-1")
    assert crawls[0].role_arn == "arn:aws:iam::000000000000:role/crawling"
    assert crawler()["LastCrawl"]["ErrorMessage"] == "two schemas"


def test_a_crawler_is_stopping_until_its_crawl_has_ended() -> None:
    """StopCrawler is for a running crawler; the crawl it ends is CANCELLED, and none was before the first."""
    going = threading.Event()

    def crawl(started: Crawl) -> JsonObject:
        while not started.is_stopped():
            time.sleep(0.01)
        going.wait(5)
        return {}

    def crawler() -> dict[str, Any]:
        shown: Any = call("glue", "GetCrawler", named)["Crawler"]
        return dict(shown)

    replace_crawler(crawl)
    named: JsonObject = {"Name": "c"}
    call("glue", "CreateCrawler", {**named, "Role": "crawling", "Targets": {}, "DatabaseName": "d"})
    assert "LastCrawl" not in crawler()
    assert call("glue", "StopCrawler", named)["__type"] == "CrawlerNotRunningException"
    assert call("glue", "StopCrawler", {"Name": "none"})["__type"] == "EntityNotFoundException"
    call("glue", "StartCrawler", named)
    assert call("glue", "StopCrawler", named) == {}
    assert crawler()["State"] == "STOPPING"
    assert call("glue", "StopCrawler", named)["__type"] == "CrawlerStoppingException"
    assert call("glue", "StartCrawler", named)["__type"] == "CrawlerRunningException"
    going.set()
    wait_for(lambda: crawler()["State"] == "READY")
    assert crawler()["LastCrawl"]["Status"] == "CANCELLED"
    assert crawler()["LastCrawl"]["StartTime"] > 0


def test_a_crawl_that_ends_is_stopping_before_it_is_ready() -> None:
    """RUNNING, STOPPING, READY; the last crawl is told with READY."""
    replace_crawler(lambda started: {})
    named: JsonObject = {"Name": "c"}
    call("glue", "CreateCrawler", {**named, "Role": "crawling", "Targets": {}, "DatabaseName": "d"})
    call("glue", "StartCrawler", named)
    seen: list[tuple[str, bool]] = []

    def is_ready() -> bool:
        shown: Any = call("glue", "GetCrawler", named)["Crawler"]
        seen.append((shown["State"], "LastCrawl" in shown))
        return bool(shown["State"] == "READY")

    wait_for(is_ready)
    assert seen[-1] == ("READY", True)
    assert ("STOPPING", False) in seen


def test_a_crawler_of_new_folders_only_may_only_log_changes() -> None:
    """Glue refuses it any other policy, when it is made and when it is changed."""
    replace_crawler(lambda started: {})
    only_new = {"RecrawlPolicy": {"RecrawlBehavior": "CRAWL_NEW_FOLDERS_ONLY"}}
    crawler: JsonObject = {"Name": "c", "Role": "crawling", "Targets": {}, "DatabaseName": "d"}
    logs = {"SchemaChangePolicy": {"UpdateBehavior": "LOG", "DeleteBehavior": "LOG"}}
    updates = {"SchemaChangePolicy": {"UpdateBehavior": "UPDATE_IN_DATABASE", "DeleteBehavior": "LOG"}}
    assert call("glue", "CreateCrawler", crawler | only_new)["__type"] == "InvalidInputException"
    assert call("glue", "CreateCrawler", crawler | updates) == {}
    assert call("glue", "UpdateCrawler", {"Name": "c", **only_new})["__type"] == "InvalidInputException"
    assert call("glue", "UpdateCrawler", {"Name": "c", **only_new, **logs}) == {}


def test_a_table_is_updated_by_version_and_as_a_whole() -> None:
    """A stale VersionId is refused, each update changes it, and what an update leaves out is gone."""
    replace_whole_tables()
    where = {"DatabaseName": "d"}
    call("glue", "CreateDatabase", {"DatabaseInput": {"Name": "d"}})
    call(
        "glue",
        "CreateTable",
        {**where, "TableInput": {"Name": "t", "Description": "kept?", "Parameters": {}}},
    )

    def update(version: str, **table: object) -> JsonObject:
        given: JsonObject = {**where, "TableInput": {"Name": "t", **table}, "VersionId": version}
        return call("glue", "UpdateTable", given | {"SkipArchive": True})

    def shown() -> dict[str, Any]:
        table: Any = call("glue", "GetTable", {**where, "Name": "t"})["Table"]
        return dict(table)

    first = shown()["VersionId"]
    assert update(first, Parameters={"fence": "1"}) == {}
    second = shown()["VersionId"]
    assert (second != first, shown()["Parameters"]) == (True, {"fence": "1"})
    assert "Description" not in shown()
    assert update(first, Parameters={"fence": "0"})["__type"] == "ConcurrentModificationException"
    assert update(second, Parameters={"fence": "1"}) == {}
    assert shown()["VersionId"] not in {first, second}
    assert shown()["Parameters"] == {"fence": "1"}


def test_a_replaced_executor_gets_every_statement_and_its_caller() -> None:
    """Athena's executor is given DDL too, with the caller's credentials; its error is the reason told."""
    queries: list[AthenaQuery] = []

    async def execute(query: AthenaQuery) -> None:
        queries.append(query)
        raise ValueError("TABLE_NOT_FOUND")

    replace_athena_executor(execute)
    started = call(
        "athena",
        "StartQueryExecution",
        {
            "QueryString": "CREATE TABLE t (a int)",
            "ResultConfiguration": {"OutputLocation": "s3://b/"},
            "QueryExecutionContext": {"Database": "lakeshot"},
        },
    )
    shown: Any = call("athena", "GetQueryExecution", started)["QueryExecution"]
    assert (queries[0].sql, queries[0].database) == ("CREATE TABLE t (a int)", "lakeshot")
    assert queries[0].caller.principal_arn == "arn:aws:iam::000000000000:root"
    assert (shown["Status"]["State"], shown["Status"]["StateChangeReason"]) == ("FAILED", "TABLE_NOT_FOUND")


def test_jobs_keep_the_fields_ministack_drops() -> None:
    """ExecutionProperty survives CreateJob, UpdateJob and CloudFormation."""
    keep_job_fields()
    runs = {"ExecutionProperty": {"MaxConcurrentRuns": 3}}
    call("glue", "CreateJob", {"Name": "j", "Role": "r", "Command": {}, **runs})
    assert (job_definition("j") or {})["ExecutionProperty"] == {"MaxConcurrentRuns": 3}
    changed: JsonObject = {"JobName": "j", "JobUpdate": {"ExecutionProperty": {"MaxConcurrentRuns": 4}}}
    call("glue", "UpdateJob", changed)
    assert (job_definition("j") or {})["ExecutionProperty"] == {"MaxConcurrentRuns": 4}
    assert provisioners._glue_job_fields(runs) == runs


def test_a_multipart_upload_keeps_a_checksum_of_the_whole_object() -> None:
    """An upload of type FULL_OBJECT ends with the CRC32 of all its bytes."""
    keep_whole_object_checksums()
    asyncio.run(app.SERVICE_HANDLERS["s3"]("PUT", "/bucket", {"host": "127.0.0.1"}, b"", {}))
    asked = {"x-amz-checksum-algorithm": "CRC32", "x-amz-checksum-type": "FULL_OBJECT"}
    _, answered, body = s3._create_multipart_upload("bucket", "k", asked)
    found = re.search(rb"<UploadId>([^<]+)", body)
    assert found is not None
    query = {"uploadId": [found[1].decode()], "partNumber": ["1"]}
    sent = {"x-amz-checksum-crc32": base64.b64encode(zlib.crc32(b"abc").to_bytes(4, "big")).decode()}
    _, part, _ = s3._upload_part("bucket", "k", b"abc", query, sent)
    listed = f"<C><Part><PartNumber>1</PartNumber><ETag>{part['ETag']}</ETag></Part></C>".encode()
    _, _, document = s3._complete_multipart_upload("bucket", "k", listed, query, {})
    assert answered["x-amz-checksum-type"] == "FULL_OBJECT"
    assert b"<ChecksumCRC32>NSRBwg==</ChecksumCRC32>" in document
    assert b"<ChecksumType>FULL_OBJECT</ChecksumType>" in document
