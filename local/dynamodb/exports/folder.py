"""The files of one export in S3, in AWS's layout, written under the permissions of whoever asked for it.

https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/S3DataExport.Output.html
"""

import base64
import gzip
import hashlib
import json
import secrets
from typing import Any

from botocore.exceptions import ClientError

from local.dynamodb.exports.export import Export, Outcome
from local.dynamodb.exports.lines import Content
from local.hooks import AccessDeniedError, Credentials, JsonObject, authorize

ALSO_NEEDED = ("s3:PutObjectAcl", "s3:AbortMultipartUpload")
"""What the guide asks for beside ``s3:PutObject``, which every write below is checked for."""


class ExportFolder:
    """Writes what belongs to one export; raises ClientError or AccessDeniedError as S3 or IAM refuse it."""

    def __init__(self, export: Export, caller: Credentials, region: str) -> None:
        self._export = export
        self._destination = export.destination
        self._caller = caller
        self._s3 = caller.session(region).client("s3")
        key_id = {"SSEKMSKeyId": export.destination.key_id} if export.destination.key_id else {}
        algorithm = "aws:kms" if export.destination.encryption == "KMS" else "AES256"
        self._encryption: dict[str, Any] = {"ServerSideEncryption": algorithm, **key_id}

    def start(self) -> None:
        """Write ``_started``, which shows that the rest can be written."""
        owner = self._destination.owner
        if owner not in (None, self._caller.principal_arn.split(":")[4]):
            raise AccessDeniedError("Access Denied")
        key = self._key("_started")
        for action in ALSO_NEEDED:
            authorize(self._caller, action, f"arn:aws:s3:::{self._destination.bucket}/{key}")
        self._put(key, b"")

    def finish(self, content: Content, ended_at: int) -> Outcome:
        """Write data and manifests, the summary last."""
        # Incremental exports share one folder.
        folder = f"{self._export.id}/data" if self._export.period is None else "data"
        entries = [self._put_data(folder, lines) for lines in content.files]
        files_key, summary_key = self._key("manifest-files.json"), self._key("manifest-summary.json")
        outcome = Outcome(ended_at, content.item_count, content.billed_bytes, manifest=summary_key)
        summary = self._export.manifest_summary(files_key, outcome)
        self._put_with_checksum(files_key, b"".join(_json(entry) + b"\n" for entry in entries))
        self._put_with_checksum(summary_key, _json(summary))
        return outcome

    def _put_data(self, folder: str, lines: list[bytes]) -> JsonObject:
        """Write one data file in parts, as AWS does, so that its ETag is not its MD5."""
        name = base64.b32encode(secrets.token_bytes(16)).decode().rstrip("=").lower()
        bucket, key = self._destination.bucket, self._destination.key(f"{folder}/{name}.json.gz")
        body = gzip.compress(b"".join(lines), mtime=0)
        upload = self._s3.create_multipart_upload(Bucket=bucket, Key=key, **self._encryption)["UploadId"]
        try:
            part = self._s3.upload_part(Bucket=bucket, Key=key, UploadId=upload, PartNumber=1, Body=body)
            done = self._s3.complete_multipart_upload(
                Bucket=bucket,
                Key=key,
                UploadId=upload,
                MultipartUpload={"Parts": [{"PartNumber": 1, "ETag": part["ETag"]}]},
            )
        except ClientError:
            self._s3.abort_multipart_upload(Bucket=bucket, Key=key, UploadId=upload)
            raise
        return {
            "itemCount": len(lines),
            "md5Checksum": md5(body),
            "etag": done["ETag"].strip('"'),
            "dataFileS3Key": key,
        }

    def _put_with_checksum(self, key: str, body: bytes) -> None:
        self._put(key, body)
        self._put(key.removesuffix("json") + "md5", md5(body).encode())

    def _put(self, key: str, body: bytes) -> None:
        self._s3.put_object(Bucket=self._destination.bucket, Key=key, Body=body, **self._encryption)

    def _key(self, name: str) -> str:
        return self._destination.key(f"{self._export.id}/{name}")


def _json(document: JsonObject) -> bytes:
    return json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode()


def md5(body: bytes) -> str:
    """Return the MD5 of the bytes in base64, as manifests and checksum files have it."""
    return base64.b64encode(hashlib.md5(body, usedforsecurity=False).digest()).decode()
