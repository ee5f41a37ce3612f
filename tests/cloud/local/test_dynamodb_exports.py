"""DynamoDB's recovery and exports in the running embedded cloud, held to AWS's rules through boto3.

A minute of most tables lasts a twentieth of a second: an export takes a quarter, a window at least one.
"""

import json
import time
from collections.abc import Callable
from decimal import Decimal
from itertools import count, pairwise
from typing import Any

import boto3
import pytest
from boto3.dynamodb.types import Binary, TypeSerializer
from botocore.config import Config
from botocore.exceptions import ClientError

from local.faults import Fault, Faults, Refusal
from tests.cloud.local.account import REGION, Account
from tests.cloud.local.export_files import ExportFiles, finish_export, md5

pytestmark = pytest.mark.cloud

BUCKET = "table-exports"
WINDOW_SECONDS = 1
ACCOUNT_WINDOW_SECONDS = 3  # at the account's own scale
EVERYTHING = ["s3:PutObject", "s3:PutObjectAcl", "s3:AbortMultipartUpload"]
_numbers = count()


class Table:
    """A table of the account, by default with recovery; ``settings`` are its tags."""

    def __init__(self, account: Account, *, recovery: bool = True, **settings: str) -> None:
        settings = {"minute_seconds": "0.05", **settings}
        self.account = account
        self.name = f"exported-{next(_numbers)}"
        self.dynamodb = account.client("dynamodb")
        made = self.dynamodb.create_table(
            TableName=self.name,
            KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
            AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}],
            BillingMode="PAY_PER_REQUEST",
            Tags=[{"Key": f"lakeshot-local:{k.replace('_', '-')}", "Value": v} for k, v in settings.items()],
        )
        self.arn = str(made["TableDescription"]["TableArn"])
        if recovery:
            self.switch_recovery(enabled=True)

    def switch_recovery(self, *, enabled: bool, **period: int) -> dict[str, Any]:
        specification = {"PointInTimeRecoveryEnabled": enabled, **period}
        answer = self.dynamodb.update_continuous_backups(
            TableName=self.name, PointInTimeRecoverySpecification=specification
        )
        described: dict[str, Any] = answer["ContinuousBackupsDescription"]["PointInTimeRecoveryDescription"]
        return described

    def put(self, pk: str, **attributes: object) -> None:
        self.dynamodb.put_item(TableName=self.name, Item=item(pk, **attributes))

    def delete(self, pk: str) -> None:
        self.dynamodb.delete_item(TableName=self.name, Key={"pk": {"S": pk}})

    def update(self, pk: str, n: int) -> None:
        self.dynamodb.update_item(
            TableName=self.name,
            Key={"pk": {"S": pk}},
            UpdateExpression="SET n = :n",
            ExpressionAttributeValues={":n": {"N": str(n)}},
        )

    def scanned(self) -> dict[str, Any]:
        """The items now, by partition key."""
        pages = self.dynamodb.get_paginator("scan").paginate(TableName=self.name)
        return {found["pk"]["S"]: found for page in pages for found in page["Items"]}

    def start(self, **request: object) -> str:
        """Start an export and return its ARN."""
        return str(self.started(**request)["ExportArn"])

    def started(self, **request: object) -> dict[str, Any]:
        asked = {"TableArn": self.arn, "S3Bucket": BUCKET, **request}
        answer = self.dynamodb.export_table_to_point_in_time(**asked)
        description: dict[str, Any] = answer["ExportDescription"]
        return description

    def start_changes(self, since: int, until: int, **specification: object) -> str:
        period = {"ExportFromTime": since, "ExportToTime": until, **specification}
        return self.start(ExportType="INCREMENTAL_EXPORT", IncrementalExportSpecification=period)


def item(pk: str, **attributes: object) -> dict[str, Any]:
    return {"pk": {"S": pk}} | {name: TypeSerializer().serialize(value) for name, value in attributes.items()}


def next_second(ahead: int = 1) -> int:
    """Wait until a whole second has begun, and return it."""
    moment = int(time.time()) + ahead
    time.sleep(max(moment - time.time(), 0))
    return moment


def visitor(account: Account, name: str, *allowed: tuple[str | list[str], str]) -> Any:
    """A DynamoDB client of a role that may do this and nothing else."""
    iam = account.client("iam")
    root = {"AWS": "arn:aws:iam::000000000000:root"}
    trust = {"Effect": "Allow", "Principal": root, "Action": "sts:AssumeRole"}
    role = iam.create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps({"Statement": [trust]}))["Role"]
    statements = [{"Effect": "Allow", "Action": action, "Resource": on} for action, on in allowed]
    iam.put_role_policy(RoleName=name, PolicyName="p", PolicyDocument=json.dumps({"Statement": statements}))
    key = account.client("sts").assume_role(RoleArn=role["Arn"], RoleSessionName="visit")["Credentials"]
    parts = (key["AccessKeyId"], key["SecretAccessKey"], key["SessionToken"])
    session = boto3.Session(*parts, region_name=REGION)
    return Account(account.instance, session).client("dynamodb")


@pytest.fixture(scope="module", autouse=True)
def bucket(account: Account) -> None:
    account.client("s3").create_bucket(Bucket=BUCKET)


def test_a_full_export_is_laid_out_as_on_aws(account: Account) -> None:
    """Own folder with manifests and their MD5, a data file per partition, empty ones too."""
    table = Table(account, export_files="5")
    for pk in ("a", "b"):
        table.put(pk)
    description = table.started(S3Prefix="raw/one", ClientToken="layout")
    assert description["ExportStatus"] == "IN_PROGRESS"
    assert not {"ItemCount", "ExportManifest", "EndTime"} & description.keys()
    export = ExportFiles.of(account, description["ExportArn"])
    export_id = description["ExportArn"].rpartition("/")[2]
    assert export.folder == f"raw/one/AWSDynamoDB/{export_id}/"
    names = export.keys(export.folder)
    assert [name for name in names if not name.startswith("data/")] == [
        "_started",
        "manifest-files.json",
        "manifest-files.md5",
        "manifest-summary.json",
        "manifest-summary.md5",
    ]
    manifest = export.manifest
    assert sorted(entry["dataFileS3Key"] for entry in manifest) == sorted(
        export.folder + name for name in names if name.startswith("data/")
    )
    assert [list(entry) for entry in manifest] == 5 * [["itemCount", "md5Checksum", "etag", "dataFileS3Key"]]
    assert sorted(entry["itemCount"] for entry in manifest)[:3] == [0, 0, 0]
    assert all(entry["dataFileS3Key"].endswith(".json.gz") for entry in manifest)
    for name in ("files", "summary"):
        checksum = export.read(f"{export.folder}manifest-{name}.md5")
        assert checksum.decode() == md5(export.read(f"{export.folder}manifest-{name}.json"))
    s3 = account.client("s3")
    for entry in manifest:  # written in parts: the ETag is no MD5
        head = s3.head_object(Bucket=BUCKET, Key=entry["dataFileS3Key"])
        assert head["ETag"].strip('"') == entry["etag"]
        assert entry["etag"].endswith("-1")
    assert set(export.items()) == {"a", "b"}


def test_a_summary_says_what_was_exported(account: Account) -> None:
    """Its fields are AWS's, agree with DescribeExport, and name keys from the bucket's root."""
    table = Table(account)
    table.put("a", s="é" * 10)
    moment = next_second()
    export = ExportFiles.of(account, table.start(ExportTime=moment, S3SseAlgorithm="AES256"))
    summary, described = export.summary, export.description
    times = {name: summary.pop(name) for name in ("startTime", "endTime", "exportTime")}
    assert all(len(text) == len("2020-11-04T07:28:34.028Z") and text.endswith("Z") for text in times.values())
    assert times["exportTime"] == time.strftime("%Y-%m-%dT%H:%M:%S.000Z", time.gmtime(moment))
    table_id = account.client("dynamodb").describe_table(TableName=table.name)["Table"]["TableId"]
    assert summary == {
        "version": "2020-06-30",
        "exportArn": described["ExportArn"],
        "tableArn": table.arn,
        "tableId": table_id,
        "s3Bucket": BUCKET,
        "s3Prefix": None,
        "s3SseAlgorithm": "AES256",
        "s3SseKmsKeyId": None,
        "manifestFilesS3Key": f"{export.folder}manifest-files.json",
        "billedSizeBytes": 24,
        "itemCount": 1,
        "outputFormat": "DYNAMODB_JSON",
        "exportType": "FULL_EXPORT",
    }
    assert (described["ItemCount"], described["BilledSizeBytes"]) == (1, 24)
    assert described["ExportTime"].timestamp() == moment
    assert (described["ExportFormat"], described["TableId"]) == ("DYNAMODB_JSON", table_id)
    assert described["StartTime"] < described["EndTime"]


def test_every_type_is_spelled_as_dynamodb_does(account: Account) -> None:
    """Numbers are text of all their digits, binary is base64, nothing is lost in nesting."""
    table = Table(account)
    values: dict[str, object] = {
        "text": 'line\nbreak "quoted" \\ é 💧',
        "empty": "",
        "number": Decimal("12345678901234567890123456789012345678"),
        "fraction": Decimal("-1.5E-100"),
        "binary": Binary(b"\x00\xffqwerty"),
        "true": True,
        "nothing": None,
        "texts": {"b", "a"},
        "numbers": {Decimal("1.5"), Decimal(2)},
        "binaries": {b"x", b"y"},
        "list": [1, "two", None, [False]],
        "map": {"a": {"b": [Decimal("0.1")]}, "": "empty name"},
    }
    table.put("a", **values)
    body = account.client("dynamodb").get_item(TableName=table.name, Key={"pk": {"S": "a"}})["Item"]
    (line,) = ExportFiles.of(account, table.start()).lines
    exported = line["Item"]
    assert exported["number"] == {"N": "12345678901234567890123456789012345678"}
    assert exported["binary"] == {"B": "AP9xd2VydHk="}
    assert sorted(exported["binaries"]["BS"]) == ["eA==", "eQ=="]
    assert sorted(exported["numbers"]["NS"]) == ["1.5", "2"]
    assert exported["nothing"] == {"NULL": True}
    assert exported["list"] == {"L": [{"N": "1"}, {"S": "two"}, {"NULL": True}, {"L": [{"BOOL": False}]}]}
    assert exported["map"] == {"M": {"a": {"M": {"b": {"L": [{"N": "0.1"}]}}}, "": {"S": "empty name"}}}
    for name in ("pk", "text", "empty", "fraction", "true"):
        assert exported[name] == body[name]
    assert exported.keys() == body.keys()


def puts_and_updates(table: Table) -> None:
    table.put("a", n=1)
    table.put("b", n=1)
    table.update("b", 2)
    table.update("upserted", 3)


def batches(table: Table) -> None:
    requests = [{"PutRequest": {"Item": item("batch", n=1)}}, {"DeleteRequest": {"Key": {"pk": {"S": "a"}}}}]
    table.dynamodb.batch_write_item(RequestItems={table.name: requests})


def transactions(table: Table) -> None:
    put = {"Put": {"TableName": table.name, "Item": item("transacted", n=1)}}
    update = {
        "Update": {
            "TableName": table.name,
            "Key": {"pk": {"S": "b"}},
            "UpdateExpression": "SET n = :n",
            "ExpressionAttributeValues": {":n": {"N": "9"}},
        }
    }
    remove = {"Delete": {"TableName": table.name, "Key": {"pk": {"S": "upserted"}}}}
    table.dynamodb.transact_write_items(TransactItems=[put, update, remove])


def statements(table: Table) -> None:
    execute = table.dynamodb.execute_statement
    execute(Statement=f"INSERT INTO \"{table.name}\" VALUE {{'pk': 'stated', 'n': 1}}")
    execute(Statement=f"UPDATE \"{table.name}\" SET n = 2 WHERE pk = 'stated'")
    execute(Statement=f"DELETE FROM \"{table.name}\" WHERE pk = 'batch'")
    batch = [{"Statement": f"INSERT INTO \"{table.name}\" VALUE {{'pk': 'batch-stated'}}"}]
    table.dynamodb.batch_execute_statement(Statements=batch)


def transacted_statements(table: Table) -> None:
    """One transaction that succeeds, and one whose second statement fails."""
    insert = f"INSERT INTO \"{table.name}\" VALUE {{'pk': '%s'}}"
    transact = table.dynamodb.execute_transaction
    transact(TransactStatements=[{"Statement": insert % "together"}, {"Statement": insert % "too"}])
    with pytest.raises(table.dynamodb.exceptions.TransactionCanceledException):
        transact(TransactStatements=[{"Statement": insert % "undone"}, {"Statement": insert % "too"}])


def test_the_state_at_any_time_since_recovery_is_exported(account: Account) -> None:
    """Whichever operation wrote: an export of a moment holds what a Scan found then, not what came later."""
    table = Table(account, recovery=False)
    table.put("before-recovery", n=0)
    table.switch_recovery(enabled=True)
    moments: dict[int, dict[str, Any]] = {next_second(): table.scanned()}
    for write in (puts_and_updates, batches, transactions, statements, transacted_statements):
        write(table)
        moments[next_second()] = table.scanned()
    table.put("after", n=1)
    exports = {moment: table.start(ExportTime=moment) for moment in moments}
    latest = table.start()
    for moment, arn in exports.items():
        assert ExportFiles.of(account, arn).items() == moments[moment]
    assert ExportFiles.of(account, latest).items() == table.scanned()
    assert [len(found) for found in moments.values()] == [1, 4, 4, 4, 5, 7]


def test_changes_are_one_final_state_per_key(account: Account) -> None:
    """Insert, update and delete are told by their images; what came and went in the window is not there."""
    table = Table(account)
    for pk in ("updated", "twice", "deleted", "replaced", "untouched"):
        table.put(pk, n=0)
    since = next_second()
    table.put("inserted", n=1)
    table.update("updated", 1)
    table.update("twice", 1)
    table.update("twice", 2)
    table.delete("deleted")
    table.put("fleeting", n=1)
    table.delete("fleeting")
    table.delete("replaced")
    table.put("replaced", n=1)
    until = next_second(WINDOW_SECONDS)
    table.update("updated", 99)
    table.put("late", n=99)
    both = table.start_changes(since, until)
    new = table.start_changes(since, until, ExportViewType="NEW_IMAGE")

    def keyed(pk: str, **images: dict[str, Any]) -> dict[str, Any]:
        return {"Keys": {"pk": {"S": pk}}, **images}

    assert ExportFiles.of(account, both).changes() == {
        "inserted": keyed("inserted", NewImage=item("inserted", n=1)),
        "updated": keyed("updated", NewImage=item("updated", n=1), OldImage=item("updated", n=0)),
        "twice": keyed("twice", NewImage=item("twice", n=2), OldImage=item("twice", n=0)),
        "deleted": keyed("deleted", OldImage=item("deleted", n=0)),
        "replaced": keyed("replaced", NewImage=item("replaced", n=1), OldImage=item("replaced", n=0)),
    }
    assert ExportFiles.of(account, new).changes() == {
        "inserted": keyed("inserted", NewImage=item("inserted", n=1)),
        "updated": keyed("updated", NewImage=item("updated", n=1)),
        "twice": keyed("twice", NewImage=item("twice", n=2)),
        "deleted": keyed("deleted"),
        "replaced": keyed("replaced", NewImage=item("replaced", n=1)),
    }


def test_incremental_exports_share_a_data_folder(account: Account) -> None:
    """Only the manifest tells whose a file is; metadata is a number in DynamoDB's JSON."""
    table = Table(account, export_files="2", minute_seconds="")
    since = next_second()
    table.put("a", n=1)
    until = next_second(ACCOUNT_WINDOW_SECONDS)
    views = ("NEW_IMAGE", "NEW_AND_OLD_IMAGES")
    arns = [table.start_changes(since, until, ExportViewType=view) for view in views]
    prefixed = table.start(
        S3Prefix="changes/",
        ExportType="INCREMENTAL_EXPORT",
        IncrementalExportSpecification={"ExportFromTime": since, "ExportToTime": until},
    )
    exports = [ExportFiles.of(account, arn) for arn in (*arns, prefixed)]
    keys = [entry["dataFileS3Key"] for export in exports for entry in export.manifest]
    assert len(set(keys)) == 6
    assert {key.rpartition("/")[0] for key in keys[:4]} == {"AWSDynamoDB/data"}
    assert {key.rpartition("/")[0] for key in keys[4:]} == {"changes/AWSDynamoDB/data"}
    (line,) = exports[0].lines
    assert list(line) == ["Metadata", "Keys", "NewImage"]
    written = line["Metadata"]["WriteTimestampMicros"]
    assert list(written) == ["N"]
    assert since * 1_000_000 <= int(written["N"]) < until * 1_000_000
    summary = exports[1].summary
    assert (summary["version"], summary["exportType"]) == ("2023-08-01", "INCREMENTAL_EXPORT")
    assert summary["outputView"] == "NEW_AND_OLD_IMAGES"
    assert "exportTime" not in summary
    assert summary["exportFromTime"] == time.strftime("%Y-%m-%dT%H:%M:%S.000Z", time.gmtime(since))
    assert summary["exportToTime"] == time.strftime("%Y-%m-%dT%H:%M:%S.000Z", time.gmtime(until))
    assert summary["billedSizeBytes"] == 10_000_000
    described = exports[2].description["IncrementalExportSpecification"]
    assert described["ExportViewType"] == "NEW_AND_OLD_IMAGES"
    assert "ExportTime" not in exports[2].description


def test_windows_that_touch_lose_and_repeat_nothing(account: Account) -> None:
    """A window begins with its first instant and ends before its last: one after the other they tell all."""
    table = Table(account)
    edges = [next_second()]
    for round_ in range(2):
        edges.append(edges[-1] + WINDOW_SECONDS)
        wrote = 0
        while time.time() < edges[-1]:
            table.put(f"{round_}-{wrote}", n=wrote)
            wrote += 1
    arns = [table.start_changes(since, until) for since, until in pairwise(edges)]
    found = [set(ExportFiles.of(account, arn).changes()) for arn in arns]
    full = ExportFiles.of(account, table.start(ExportTime=edges[-1])).items()
    assert found[0] | found[1] == full.keys()
    assert not found[0] & found[1]
    assert all(len(keys) > 10 for keys in found)


def test_a_test_writes_to_a_table_s_past(account: Account) -> None:
    """By a tag, under AWS's own windows: of now, an hour ago and two hours ago each is in its own window."""
    table = Table(account, minute_seconds="60", export_minutes="0", written_minutes_ago="180")
    for minutes, pk in (("120", "two"), ("60", "one"), ("0", "now")):
        tag = {"Key": "lakeshot-local:written-minutes-ago", "Value": minutes}
        table.dynamodb.tag_resource(ResourceArn=table.arn, Tags=[tag])
        table.put(pk)
    now = int(time.time())
    half_past_two, half_past_one, half_past = now - 9000, now - 5400, now - 1800
    full = table.start(ExportTime=half_past_one)
    arns = [table.start_changes(*window) for window in pairwise((half_past_two, half_past_one, half_past))]
    assert ExportFiles.of(account, full).items().keys() == {"two"}
    (two,), (one,) = (ExportFiles.of(account, arn).lines for arn in arns)
    assert (two["Keys"], one["Keys"]) == ({"pk": {"S": "two"}}, {"pk": {"S": "one"}})
    written = int(one["Metadata"]["WriteTimestampMicros"]["N"]) // 1_000_000
    assert half_past_one < written < half_past
    assert ExportFiles.of(account, table.start()).items().keys() == {"two", "one", "now"}
    with pytest.raises(ClientError, match="less than the table creation time"):
        table.start_changes(now - 3 * 3600 - 60, half_past)


Request = Callable[[Table, int], dict[str, Any]]


@pytest.fixture(scope="module")
def quiet(account: Account) -> Table:
    """A table that was made seconds ago, at the account's own scale, and that nobody exports."""
    table = Table(account, minute_seconds="")
    next_second(2)
    return table


def changes(since: int | None, until: int | None = None, **more: object) -> dict[str, Any]:
    period = {"ExportFromTime": since, "ExportToTime": until, **more}
    specification = {name: value for name, value in period.items() if value is not None}
    return {"ExportType": "INCREMENTAL_EXPORT", "IncrementalExportSpecification": specification}


@pytest.mark.parametrize(
    ("request_of", "code", "message"),
    [
        (lambda _t, now: {"ExportTime": now + 60}, "InvalidExportTimeException", "Export Time is invalid"),
        (lambda _t, now: {"ExportTime": now - 9999}, "InvalidExportTimeException", "Export Time is invalid"),
        (
            lambda _t, now: changes(now - 1, now),
            "InvalidExportTimeException",
            "Difference between export period from time and export period to time is less than 15 minutes",
        ),
        (lambda _t, now: changes(now), "InvalidExportTimeException", "greater or equal|less than 15 min"),
        (lambda _t, now: changes(now, now - 1), "InvalidExportTimeException", "greater or equal"),
        (lambda _t, now: changes(now, now + 60), "InvalidExportTimeException", "than the current time : 2"),
        (lambda _t, now: changes(now - 9999, now), "InvalidExportTimeException", "table creation time : 2"),
        (lambda _t, now: changes(None), "ValidationException", "ExportFromTime must be provided"),
        (
            lambda _t, now: changes(now, ExportViewType="NEW_IMAGES"),
            "ValidationException",
            r"'NEW_IMAGES' at 'incrementalExportSpecification.exportViewType'",
        ),
        (
            lambda _t, now: {"ExportType": "INCREMENTAL_EXPORT"},
            "ValidationException",
            "Incremental Export Specification expected",
        ),
        (
            lambda _t, now: changes(now) | {"ExportType": "FULL_EXPORT"},
            "ValidationException",
            "should not be provided",
        ),
        (lambda _t, now: {"ExportFormat": "CSV"}, "ValidationException", r"'CSV' at 'exportFormat'.*\[ION, "),
        (lambda _t, now: {"S3Bucket": "arn:aws:s3:::b"}, "ValidationException", "'arn:aws:s3:::b' at 's3B"),
        (lambda _t, now: {"S3SseKmsKeyId": "k"}, "ValidationException", "KMS Key Id is not supported"),
        (lambda t, now: {"TableArn": t.name}, "ValidationException", "tableArn is not a valid ARN"),
        (lambda t, now: {"TableArn": f"{t.arn}x"}, "TableNotFoundException", "Table not found: arn:.*x$"),
        (
            lambda t, now: {"TableArn": t.arn.replace("us-east-1", "eu-west-1")},
            "TableNotFoundException",
            "Table not found: .*eu-west-1",
        ),
        (
            lambda t, now: {"TableArn": t.arn.replace("000000000000", "111111111111")},
            "AccessDeniedException",
            "Access is denied",
        ),
    ],
)
def test_a_request_that_aws_refuses_is_refused(
    account: Account, quiet: Table, request_of: Request, code: str, message: str
) -> None:
    """With AWS's code and, where one was seen, its words; nothing is started."""
    table = quiet
    with pytest.raises(ClientError, match=message) as refused:
        table.start(**request_of(table, int(time.time())))
    assert refused.value.response["Error"]["Code"] == code
    assert account.client("dynamodb").list_exports(TableArn=table.arn)["ExportSummaries"] == []


def test_without_recovery_nothing_is_exported(account: Account) -> None:
    """It is off at first, and when it is switched off the past is gone."""
    table = Table(account, recovery=False)
    table.put("a")
    for _ in range(2):
        with pytest.raises(ClientError, match="is not enabled for table") as refused:
            table.start()
        assert refused.value.response["Error"]["Code"] == "PointInTimeRecoveryUnavailableException"
        table.switch_recovery(enabled=True)
        moment = next_second()
        table.start()
        table.switch_recovery(enabled=False)
    next_second()
    table.switch_recovery(enabled=True)
    with pytest.raises(ClientError, match="not available for specified export time"):
        table.start(ExportTime=moment)


def test_recovery_tells_since_when_and_for_how_long(account: Account) -> None:
    """35 days unless asked otherwise; the latest time is minutes ago, but not before the earliest."""
    table = Table(account, recovery=False, minute_seconds="60")
    dynamodb = account.client("dynamodb")
    described = dynamodb.describe_continuous_backups(TableName=table.name)["ContinuousBackupsDescription"]
    assert described == {
        "ContinuousBackupsStatus": "ENABLED",
        "PointInTimeRecoveryDescription": {"PointInTimeRecoveryStatus": "DISABLED"},
    }
    before = int(time.time())
    enabled = table.switch_recovery(enabled=True)
    assert (enabled["PointInTimeRecoveryStatus"], enabled["RecoveryPeriodInDays"]) == ("ENABLED", 35)
    assert before <= enabled["EarliestRestorableDateTime"].timestamp() <= time.time()
    assert enabled["LatestRestorableDateTime"] == enabled["EarliestRestorableDateTime"]
    again = table.switch_recovery(enabled=True, RecoveryPeriodInDays=7)
    assert again["EarliestRestorableDateTime"] == enabled["EarliestRestorableDateTime"]
    assert again["RecoveryPeriodInDays"] == 7
    with pytest.raises(ClientError, match="Table not found: nowhere"):
        dynamodb.describe_continuous_backups(TableName="nowhere")


def test_a_template_s_table_has_the_recovery_it_asks_for(account: Account) -> None:
    """CloudFormation switches it on, off, and on for a global table's replica."""
    recovery = {"PointInTimeRecoverySpecification": {"PointInTimeRecoveryEnabled": True}}
    keys = {
        "KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"}],
        "AttributeDefinitions": [{"AttributeName": "pk", "AttributeType": "S"}],
        "BillingMode": "PAY_PER_REQUEST",
    }
    properties = {**keys, "TableName": "of-template", **recovery}
    plain_table = {"Type": "AWS::DynamoDB::Table", "Properties": properties}
    replica = {"Region": REGION, **recovery}
    replicated = {"Type": "AWS::DynamoDB::GlobalTable", "Properties": {**keys, "TableName": "of-global"}}
    replicated["Properties"] |= {"Replicas": [replica]}  # type: ignore[operator]
    cloudformation, dynamodb = account.client("cloudformation"), account.client("dynamodb")

    def status(name: str) -> str:
        described = dynamodb.describe_continuous_backups(TableName=name)["ContinuousBackupsDescription"]
        return str(described["PointInTimeRecoveryDescription"]["PointInTimeRecoveryStatus"])

    template = {"Resources": {"Plain": plain_table, "Replicated": replicated}}
    cloudformation.create_stack(StackName="recovering", TemplateBody=json.dumps(template))
    cloudformation.get_waiter("stack_create_complete").wait(StackName="recovering", WaiterConfig={"Delay": 1})
    assert [status(name) for name in ("of-template", "of-global")] == ["ENABLED", "ENABLED"]
    recovery["PointInTimeRecoverySpecification"]["PointInTimeRecoveryEnabled"] = False
    cloudformation.update_stack(StackName="recovering", TemplateBody=json.dumps(template))
    cloudformation.get_waiter("stack_update_complete").wait(StackName="recovering", WaiterConfig={"Delay": 1})
    assert [status(name) for name in ("of-template", "of-global")] == ["DISABLED", "DISABLED"]


def test_a_client_token_starts_one_export(account: Account) -> None:
    """Repeated, during or after, it is the same export; with another parameter it is a conflict."""
    table = Table(account)
    asked = {"ClientToken": "once", "S3Prefix": "tokens"}
    arn = table.start(**asked)
    assert table.start(**asked) == arn
    assert finish_export(account, arn)["ExportStatus"] == "COMPLETED"
    assert table.started(**asked)["ExportStatus"] == "COMPLETED"
    other = Table(account)
    for start, changed in ((table, {"S3Prefix": "other"}), (table, {"ExportTime": 1}), (other, {})):
        with pytest.raises(ClientError, match="Duplicate request detected") as refused:
            start.start(**{**asked, **changed})
        assert refused.value.response["Error"]["Code"] == "ExportConflictException"
    assert table.start() != table.start()


def test_exports_are_listed_latest_first_and_outlive_their_table(account: Account) -> None:
    """In pages; by table only those of the table that has the name now."""
    table = Table(account)
    arns = [table.start() for _ in range(3)]
    dynamodb = account.client("dynamodb")
    first = dynamodb.list_exports(TableArn=table.arn, MaxResults=2)
    second = dynamodb.list_exports(TableArn=table.arn, MaxResults=2, NextToken=first["NextToken"])
    listed = first["ExportSummaries"] + second["ExportSummaries"]
    assert [summary["ExportArn"] for summary in listed] == sorted(arns, reverse=True)
    assert "NextToken" not in second
    assert listed[0].keys() == {"ExportArn", "ExportStatus", "ExportType"}
    with pytest.raises(ClientError, match="nextToken is invalid"):
        dynamodb.list_exports(NextToken="made up")
    dynamodb.delete_table(TableName=table.name)
    assert dynamodb.list_exports(TableArn=table.arn)["ExportSummaries"] == []
    assert all(finish_export(account, arn)["ExportStatus"] == "COMPLETED" for arn in arns)


@pytest.mark.parametrize(
    ("arn", "code"),
    [
        ("us-east-1:000000000000:table/t/export/01234567890123-0000abcd", "ExportNotFoundException"),
        ("eu-west-1:000000000000:table/t/export/01234567890123-0000abcd", "ExportNotFoundException"),
        ("us-east-1:111111111111:table/t/export/01234567890123-0000abcd", "AccessDeniedException"),
        ("us-east-1:000000000000:table/reviews", "ValidationException"),
    ],
)
def test_an_export_that_is_not_there_cannot_be_described(account: Account, arn: str, code: str) -> None:
    with pytest.raises(ClientError) as refused:
        account.client("dynamodb").describe_export(ExportArn=f"arn:aws:dynamodb:{arn}")
    assert refused.value.response["Error"]["Code"] == code


def test_starting_and_describing_are_permissions_on_table_and_export(account: Account) -> None:
    """Export on the table's ARN, Describe on ``table/<name>/export/*``; neither stands for the other."""
    table = Table(account)
    exports = f"{table.arn}/export/*"
    writer = (EVERYTHING, f"arn:aws:s3:::{BUCKET}/*")
    starter = visitor(account, "starter", ("dynamodb:ExportTableToPointInTime", table.arn), writer)
    reader = visitor(account, "reader", ("dynamodb:DescribeExport", exports))
    asked = {"TableArn": table.arn, "S3Bucket": BUCKET}
    arn = starter.export_table_to_point_in_time(**asked)["ExportDescription"]["ExportArn"]
    assert reader.describe_export(ExportArn=arn)["ExportDescription"]["ExportArn"] == arn
    with pytest.raises(ClientError, match=f"dynamodb:DescribeExport on resource: {arn}"):
        starter.describe_export(ExportArn=arn)
    with pytest.raises(ClientError, match=f"ExportTableToPointInTime on resource: {table.arn}"):
        reader.export_table_to_point_in_time(**asked)
    assert finish_export(account, arn)["ExportStatus"] == "COMPLETED"


@pytest.mark.parametrize("missing", EVERYTHING)
def test_an_export_writes_with_the_caller_s_permissions(account: Account, missing: str) -> None:
    """Without one of them it is started, and fails with S3's own words."""
    table = Table(account)
    left = [action for action in EVERYTHING if action != missing]
    allowed = (("dynamodb:ExportTableToPointInTime", table.arn), (left, f"arn:aws:s3:::{BUCKET}/raw/*"))
    name = f"without-{missing.rpartition(':')[2]}"
    caller = visitor(account, name, *allowed)
    started = caller.export_table_to_point_in_time(TableArn=table.arn, S3Bucket=BUCKET, S3Prefix="raw")
    ended = finish_export(account, started["ExportDescription"]["ExportArn"])
    assert (ended["ExportStatus"], ended["FailureCode"]) == ("FAILED", "S3AccessDenied")
    assert f"assumed-role/{name}/visit is not authorized to perform: {missing}" in ended["FailureMessage"]
    assert "(Service: Amazon S3; Status Code: 403; Error Code: AccessDenied; Req" in ended["FailureMessage"]
    assert not {"ItemCount", "ExportManifest"} & ended.keys()


def test_a_bucket_that_is_not_there_fails_the_export(account: Account) -> None:
    """It is found out after the start; the token then stands for the failure."""
    table = Table(account)
    asked = {"S3Bucket": "nobody-made-this", "ClientToken": "nowhere"}
    ended = finish_export(account, table.start(**asked))
    assert (ended["ExportStatus"], ended["FailureCode"]) == ("FAILED", "S3NoSuchBucket")
    said = "The specified bucket does not exist (Service: Amazon S3; Status Code: 404"
    assert ended["FailureMessage"].startswith(said)
    assert table.started(**asked)["ExportStatus"] == "FAILED"


def test_another_account_s_bucket_is_denied(account: Account) -> None:
    ended = finish_export(account, Table(account).start(S3BucketOwner="111111111111"))
    assert ended["FailureCode"] == "S3AccessDenied"


@pytest.mark.parametrize(
    ("operation", "about", "left"), [("PutObject", "/_started", []), ("UploadPart", "/data/", ["_started"])]
)
def test_a_fault_fails_an_export(account: Account, operation: str, about: str, left: list[str]) -> None:
    """A test makes S3 refuse its start or a data file; parts are given up and no manifest is written."""
    prefix = f"faulted-{operation}"
    table, faults = Table(account), Faults(account.instance.settings.directory / "tmp")
    refusal = Refusal(code="AccessDenied", message="Access Denied", status=403)
    about = f"/{prefix}/AWSDynamoDB/.*{about}"
    faults.plant(Fault(service="s3", operation=operation, about=about, refusal=refusal))
    ended = finish_export(account, table.start(S3Prefix=prefix))
    faults.remove_all()
    assert (ended["ExportStatus"], ended["FailureCode"]) == ("FAILED", "S3AccessDenied")
    assert ended["FailureMessage"].startswith("Access Denied (Service: Amazon S3; Status Code: 403;")
    s3 = account.client("s3")
    found = s3.list_objects_v2(Bucket=BUCKET, Prefix=prefix).get("Contents", [])
    assert [entry["Key"].rpartition("/")[2] for entry in found] == left
    assert "Uploads" not in s3.list_multipart_uploads(Bucket=BUCKET)


def test_a_data_file_can_be_corrupted_before_the_export_ends(account: Account) -> None:
    """The summary is written last: while a test holds it, nobody knows of the data yet."""
    table, faults = Table(account, export_files="1"), Faults(account.instance.settings.directory / "tmp")
    table.put("a")
    last = Fault(service="s3", operation="PutObject", about="/corrupted/.*/manifest-summary.json")
    with faults.planted(last) as planted:
        arn = table.start(S3Prefix="corrupted")
        hit = planted.hit(seconds=10)
        s3 = account.client("s3")
        folder = f"corrupted/AWSDynamoDB/{arn.rpartition('/')[2]}"
        listed = s3.get_object(Bucket=BUCKET, Key=f"{folder}/manifest-files.json")["Body"].read()
        entry = json.loads(listed)
        body = s3.get_object(Bucket=BUCKET, Key=entry["dataFileS3Key"])["Body"].read()
        s3.put_object(Bucket=BUCKET, Key=entry["dataFileS3Key"], Body=body[:-9])
        hit.go_on()
        assert finish_export(account, arn)["ExportStatus"] == "COMPLETED"
    damaged = s3.get_object(Bucket=BUCKET, Key=entry["dataFileS3Key"])["Body"].read()
    assert md5(damaged) != entry["md5Checksum"]


def test_an_export_takes_no_read_units(account: Account) -> None:
    """A table of one unit without burst is exported whole and can be read at once."""
    table = Table(account, burst_seconds="0")
    table.dynamodb.update_table(
        TableName=table.name,
        BillingMode="PROVISIONED",
        ProvisionedThroughput={"ReadCapacityUnits": 1, "WriteCapacityUnits": 1},
    )
    for pk in range(5):
        table.put(str(pk), text="x" * 100_000)
    assert len(ExportFiles.of(account, table.start()).items()) == 5
    settings = account.instance.settings
    impatient = account.session.client(
        "dynamodb",
        region_name=REGION,
        endpoint_url=settings.endpoint_url,
        verify=str(settings.certificate),
        config=Config(retries={"total_max_attempts": 1}),
    )
    impatient.get_item(TableName=table.name, Key={"pk": {"S": "0"}})
