"""Exports as DynamoDB writes them into a bucket, written down a second time for tests."""

import gzip
import hashlib
import json
from base64 import b64encode
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from lakeshot.dynamodb.export_manifest import DataFile
from lakeshot.dynamodb.raw_export import RawExport
from tests.unit.conftest import BUCKET
from tests.unit.dynamodb.type_table import Value

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

TABLE = "arn:aws:dynamodb:us-east-1:123456789012:table/Reviews"
FOLDER = "raw/AWSDynamoDB/01645072900758-ee1232a3/"
Item = Mapping[str, Value]


def lines_of(items: Sequence[Item], *, spaced: bool = False, ascii_only: bool = False) -> bytes:
    """An export's text with these items."""
    separators = (", ", ": ") if spaced else (",", ":")
    lines = [
        json.dumps({"Item": item}, separators=separators, ensure_ascii=ascii_only) + "\n" for item in items
    ]
    return "".join(lines).encode()


def md5(body: bytes) -> str:
    return b64encode(hashlib.md5(body, usedforsecurity=False).digest()).decode()


def put_data(s3: "S3Client", name: str, body: bytes, items: int) -> DataFile:
    """Put a data file of these compressed bytes, and say of it what its manifest would."""
    key = f"{FOLDER}data/{name}.json.gz"
    s3.put_object(Bucket=BUCKET, Key=key, Body=body)
    return DataFile(key=key, items=items, md5=md5(body))


def put_items(s3: "S3Client", name: str, items: Sequence[Item]) -> DataFile:
    """Put a data file of these items."""
    return put_data(s3, name, gzip.compress(lines_of(items)), len(items))


def put_manifest(
    s3: "S3Client",
    files: Sequence[DataFile],
    *,
    checksum: str = "md5",
    changed: Mapping[str, object] | None = None,
) -> RawExport:
    """Put the manifest of a finished export; ``changed`` are fields of its summary, None leaves one out."""
    listed = "".join(
        json.dumps({"itemCount": file.items, "md5Checksum": file.md5, "etag": "e", "dataFileS3Key": file.key})
        + "\n"
        for file in files
    )
    export = RawExport(
        arn=f"{TABLE}/export/01645072900758-ee1232a3",
        table_arn=TABLE,
        export_time=datetime(2026, 11, 21, 12, tzinfo=UTC),
        bucket=BUCKET,
        manifest_key=f"{FOLDER}manifest-summary.json",
        items=sum(file.items for file in files),
        billed_bytes=0,
    )
    fields = {
        "version": "2020-06-30",
        "exportArn": export.arn,
        "tableArn": TABLE,
        "manifestFilesS3Key": f"{FOLDER}manifest-files.json",
        "itemCount": export.items,
        "outputFormat": "DYNAMODB_JSON",
        "exportType": "FULL_EXPORT",
    } | dict(changed or {})
    summary = {name: value for name, value in fields.items() if value is not None}
    for name, body in (("files", listed), ("summary", json.dumps(summary))):
        s3.put_object(Bucket=BUCKET, Key=f"{FOLDER}manifest-{name}.json", Body=body.encode())
        s3.put_object(
            Bucket=BUCKET, Key=f"{FOLDER}manifest-{name}.{checksum}", Body=md5(body.encode()).encode()
        )
    return export
