"""Which files DynamoDB's own export wrote, as its manifest lists them.

The layout is that of "DynamoDB table export output format" (Amazon DynamoDB developer guide): a summary, a
list of the data files, and next to each its MD5 in base64. The guide calls those ``.checksum``; exports that
were looked at have ``.md5``, so both are tried.
"""

import hashlib
from base64 import b64encode
from datetime import datetime
from typing import TYPE_CHECKING, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from lakeshot.dynamodb.raw_export import RawExport
from lakeshot.dynamodb.windows import Window
from lakeshot.errors import SourceError
from lakeshot.listing import body_if_there
from lakeshot.model import Model
from lakeshot.names import split_s3_uri

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

VIEW = "NEW_AND_OLD_IMAGES"
"""What incremental exports have to tell of an item."""
_CHECKSUMS = (".md5", ".checksum")
_AGAIN = "start a new run, which has the table exported anew"


class DataFile(Model):
    """One data file: its S3 key, how many items it holds, and the MD5 (base64) of its compressed bytes.

    ``window`` is that of its export, whose items are changes; None if they are the table's own.
    """

    key: str
    items: int
    md5: str
    window: Window | None = None


class _FromDynamoDB(BaseModel):
    """What DynamoDB writes may come to have more fields."""

    model_config = ConfigDict(frozen=True)


class _Summary(_FromDynamoDB):
    export_arn: str = Field(alias="exportArn")
    table_arn: str = Field(alias="tableArn")
    output_format: str = Field(alias="outputFormat")
    export_type: str = Field(alias="exportType", default="FULL_EXPORT")
    """Exports made before there were others do not say it."""
    begins: datetime | None = Field(alias="exportFromTime", default=None)
    ends: datetime | None = Field(alias="exportToTime", default=None)
    view: str | None = Field(alias="outputView", default=None)
    files_key: str = Field(alias="manifestFilesS3Key")
    items: int = Field(alias="itemCount", ge=0)


class _Line(_FromDynamoDB):
    key: str = Field(alias="dataFileS3Key")
    items: int = Field(alias="itemCount", ge=0)
    md5: str = Field(alias="md5Checksum")


_Document = TypeVar("_Document", bound=_FromDynamoDB)


def read_manifest(client: "S3Client", export: RawExport) -> tuple[DataFile, ...]:
    """The data files of an export, in the manifest's order.

    SourceError if the manifest is missing or changed, of another export, or does not add up.
    """
    uri = f"s3://{export.bucket}/{export.manifest_key}"
    summary, window = _parsed(_Summary, _checked(client, uri), uri), export.window
    kind = "FULL_EXPORT" if window is None else "INCREMENTAL_EXPORT"
    checked: list[tuple[str, object, object]] = [
        ("table", summary.table_arn, export.table_arn),
        ("export", summary.export_arn, export.arn),
        ("format", summary.output_format, "DYNAMODB_JSON"),
        ("kind", summary.export_type, kind),
    ]
    if window is not None:
        checked += [
            ("beginning", summary.begins, window.begins),
            ("end", summary.ends, window.ends),
            ("view", summary.view, VIEW),
        ]
    for what, given, wanted in checked:
        if given != wanted:
            raise SourceError(
                f"the export manifest {uri} is of another {what}: {given}, not {wanted}; {_AGAIN}"
            )
    files_uri = f"s3://{export.bucket}/{summary.files_key}"
    lines = _checked(client, files_uri).splitlines()
    files = tuple(
        DataFile(key=line.key, items=line.items, md5=line.md5, window=window)
        for line in (_parsed(_Line, text, files_uri) for text in lines if text.strip())
    )
    listed = sum(file.items for file in files)
    if listed != summary.items:
        raise SourceError(
            f"the files of {files_uri} hold {listed:,} items, but {uri} says {summary.items:,}; {_AGAIN}"
        )
    if len({file.key for file in files}) != len(files):
        raise SourceError(f"{files_uri} names a file twice; {_AGAIN}")
    return files


def md5_text(digest: bytes) -> str:
    """An MD5 as DynamoDB writes it."""
    return b64encode(digest).decode()


def _checked(client: "S3Client", uri: str) -> bytes:
    """The bytes of a manifest file, which have the checksum that stands next to it."""
    body = _read(client, uri)
    if body is None:
        raise SourceError(f"the export manifest {uri} is missing; {_AGAIN}")
    beside = [uri.removesuffix(".json") + ending for ending in _CHECKSUMS]
    wanted = next((found for name in beside if (found := _read(client, name)) is not None), None)
    if wanted is None:
        raise SourceError(f"the checksum of {uri} is missing ({' or '.join(beside)}); {_AGAIN}")
    given = md5_text(hashlib.md5(body, usedforsecurity=False).digest())
    if given.encode() != wanted.strip():
        raise SourceError(
            f"the export manifest {uri} was changed after DynamoDB wrote it: its MD5 is {given}, "
            f"not {wanted.strip().decode(errors='replace')}; {_AGAIN}"
        )
    return body


def _read(client: "S3Client", uri: str) -> bytes | None:
    body = body_if_there(client, *split_s3_uri(uri))
    return None if body is None else body.read()


def _parsed(model: type[_Document], text: bytes, uri: str) -> _Document:
    try:
        return model.model_validate_json(text)
    except ValidationError as error:
        wrong = ", ".join(".".join(map(str, one["loc"])) or "JSON" for one in error.errors())
        raise SourceError(f"{uri} is no export manifest as DynamoDB writes it ({wrong}); {_AGAIN}") from error
