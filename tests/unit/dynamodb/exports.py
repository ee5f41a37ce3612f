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
from lakeshot.dynamodb.windows import Window
from tests.unit.conftest import BUCKET
from tests.unit.dynamodb.type_table import Value

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

TABLE = "arn:aws:dynamodb:us-east-1:123456789012:table/Reviews"
FOLDER = "raw/AWSDynamoDB/01645072900750-ee1232a3/"
WINDOW = Window(begins=datetime(2026, 11, 21, 11, tzinfo=UTC), ends=datetime(2026, 11, 21, 12, tzinfo=UTC))
WRITTEN = 1_795_258_800_000_000
"""When the window begins, in microseconds since 1970."""
Item = Mapping[str, Value]


def lines_of(items: Sequence[Item], *, spaced: bool = False, ascii_only: bool = False) -> bytes:
    """An export's text with these items."""
    separators = (", ", ": ") if spaced else (",", ":")
    lines = [
        json.dumps({"Item": item}, separators=separators, ensure_ascii=ascii_only) + "\n" for item in items
    ]
    return "".join(lines).encode()


def change(
    keys: Item, new: Item | None = None, old: Item | None = None, *, written: int = WRITTEN
) -> dict[str, object]:
    """A line of an incremental export; without images it is of an item that was deleted."""
    images = {"NewImage": new, "OldImage": old}
    return {
        "Metadata": {"WriteTimestampMicros": {"N": str(written)}},
        "Keys": keys,
        **{name: image for name, image in images.items() if image is not None},
    }


def json_lines(lines: Sequence[object]) -> bytes:
    """These objects as lines of JSON."""
    return "".join(json.dumps(line, separators=(",", ":")) + "\n" for line in lines).encode()


def md5(body: bytes) -> str:
    return b64encode(hashlib.md5(body, usedforsecurity=False).digest()).decode()


def put_data(s3: "S3Client", name: str, body: bytes, items: int, *, window: Window | None = None) -> DataFile:
    """Put a data file of these compressed bytes, and say of it what its manifest would."""
    key = f"{FOLDER}data/{name}.json.gz"
    s3.put_object(Bucket=BUCKET, Key=key, Body=body)
    return DataFile(key=key, items=items, md5=md5(body), window=window)


def put_items(s3: "S3Client", name: str, items: Sequence[Item]) -> DataFile:
    """Put a data file of these items."""
    return put_data(s3, name, gzip.compress(lines_of(items)), len(items))


def put_changes(s3: "S3Client", name: str, lines: Sequence[object], *, window: Window = WINDOW) -> DataFile:
    """Put a data file of these changes."""
    return put_data(s3, name, gzip.compress(json_lines(lines)), len(lines), window=window)


def put_manifest(
    s3: "S3Client",
    files: Sequence[DataFile],
    *,
    checksum: str = "md5",
    changed: Mapping[str, object] | None = None,
    window: Window | None = None,
    number: int = 0,
) -> RawExport:
    """Put the manifest of a finished export; ``changed`` are fields of its summary, None leaves one out.

    Exports of other numbers lie beside it.
    """
    name = f"0164507290075{number}-ee1232a3"
    folder = f"raw/AWSDynamoDB/{name}/"
    listed = "".join(
        json.dumps({"itemCount": file.items, "md5Checksum": file.md5, "etag": "e", "dataFileS3Key": file.key})
        + "\n"
        for file in files
    )
    export = RawExport(
        arn=f"{TABLE}/export/{name}",
        table_arn=TABLE,
        bucket=BUCKET,
        manifest_key=f"{folder}manifest-summary.json",
        items=sum(file.items for file in files),
        billed_bytes=0,
        window=window,
    )
    fields = {
        "version": "2020-06-30",
        "exportArn": export.arn,
        "tableArn": TABLE,
        "manifestFilesS3Key": f"{folder}manifest-files.json",
        "itemCount": export.items,
        "outputFormat": "DYNAMODB_JSON",
        "exportType": "FULL_EXPORT",
        **({} if window is None else _of_window(window)),
        **(changed or {}),
    }
    summary = {name: value for name, value in fields.items() if value is not None}
    for part, body in (("files", listed), ("summary", json.dumps(summary))):
        s3.put_object(Bucket=BUCKET, Key=f"{folder}manifest-{part}.json", Body=body.encode())
        s3.put_object(
            Bucket=BUCKET, Key=f"{folder}manifest-{part}.{checksum}", Body=md5(body.encode()).encode()
        )
    return export


def _of_window(window: Window) -> Mapping[str, object]:
    """What only the summary of an incremental export says."""
    return {
        "version": "2023-08-01",
        "exportFromTime": f"{window.begins:%Y-%m-%dT%H:%M:%S}.000Z",
        "exportToTime": f"{window.ends:%Y-%m-%dT%H:%M:%S}.000Z",
        "outputView": "NEW_AND_OLD_IMAGES",
        "exportType": "INCREMENTAL_EXPORT",
    }
