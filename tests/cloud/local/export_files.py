"""What an export of DynamoDB left in S3, read as its manifests say and independently of what wrote it."""

import base64
import gzip
import hashlib
import json
from dataclasses import dataclass
from typing import Any

from tests.cloud.local.account import Account, wait_for


@dataclass(frozen=True)
class ExportFiles:
    """The files of one export that has ended well."""

    account: Account
    description: dict[str, Any]

    @classmethod
    def of(cls, account: Account, export_arn: str) -> "ExportFiles":
        description = finish_export(account, export_arn)
        assert description["ExportStatus"] == "COMPLETED", description
        return cls(account, description)

    @property
    def folder(self) -> str:
        """The key of the export's own folder."""
        return str(self.description["ExportManifest"]).removesuffix("manifest-summary.json")

    @property
    def summary(self) -> dict[str, Any]:
        summary: dict[str, Any] = json.loads(self.read(self.description["ExportManifest"]))
        return summary

    @property
    def manifest(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.read(self.summary["manifestFilesS3Key"]).splitlines()]

    @property
    def lines(self) -> list[dict[str, Any]]:
        """The lines of the data files that the manifest names, each checked against checksum and count."""
        lines = []
        for entry in self.manifest:
            body = self.read(entry["dataFileS3Key"])
            assert md5(body) == entry["md5Checksum"]
            found = [json.loads(line) for line in gzip.decompress(body).splitlines()]
            assert len(found) == entry["itemCount"]
            lines += found
        return lines

    def items(self) -> dict[str, Any]:
        """The items of a full export by their partition key ``pk``."""
        return {line["Item"]["pk"]["S"]: line["Item"] for line in self.lines}

    def changes(self) -> dict[str, dict[str, Any]]:
        """The lines of an incremental export by their partition key ``pk``, without metadata."""
        return {line["Keys"]["pk"]["S"]: line for line in self.lines if line.pop("Metadata")}

    def read(self, key: str) -> bytes:
        bucket = self.description["S3Bucket"]
        body: bytes = self.account.client("s3").get_object(Bucket=bucket, Key=key)["Body"].read()
        return body

    def keys(self, prefix: str) -> list[str]:
        """The keys below a prefix, without it."""
        bucket = self.description["S3Bucket"]
        listed = self.account.client("s3").list_objects_v2(Bucket=bucket, Prefix=prefix)
        return [found["Key"].removeprefix(prefix) for found in listed.get("Contents", [])]


def finish_export(account: Account, export_arn: str) -> dict[str, Any]:
    """Wait for an export's end and describe it."""
    dynamodb = account.client("dynamodb")
    return wait_for(
        lambda: dynamodb.describe_export(ExportArn=export_arn)["ExportDescription"],
        lambda description: description["ExportStatus"] != "IN_PROGRESS",
        seconds=30,
    )


def md5(body: bytes) -> str:
    return base64.b64encode(hashlib.md5(body, usedforsecurity=False).digest()).decode()
