"""S3's multipart checksums over a whole object, where ministack knows checksums of checksums only.

https://docs.aws.amazon.com/AmazonS3/latest/userguide/checking-object-integrity-upload.html
"""

import re
from collections.abc import Mapping
from contextvars import ContextVar

from ministack.services import s3

from local.hooks.operations import Response

UPLOAD_ID = re.compile(rb"<UploadId>([^<]+)</UploadId>")
PART_NUMBER = re.compile(rb"<PartNumber>(\d+)</PartNumber>")
FULL_OBJECT = "FULL_OBJECT"

Query = Mapping[str, list[str]]
_content: ContextVar[bytes | None] = ContextVar("lakeshot_completed_content", default=None)


def keep_whole_object_checksums() -> None:
    """Honour ``ChecksumType=FULL_OBJECT`` of CreateMultipartUpload."""
    create, complete, composite = (
        s3._create_multipart_upload,
        s3._complete_multipart_upload,
        s3._composite_checksum,
    )

    def create_multipart_upload(bucket: str, key: str, headers: dict[str, str], *request: object) -> Response:
        status, answered, body = create(bucket, key, headers, *request)
        found = UPLOAD_ID.search(body)
        if found and headers.get("x-amz-checksum-type") == FULL_OBJECT:
            s3._multipart_uploads[found[1].decode()]["checksum_type"] = FULL_OBJECT
            answered["x-amz-checksum-type"] = FULL_OBJECT
        return status, answered, body

    def complete_multipart_upload(
        bucket: str, key: str, body: bytes, query: Query, headers: dict[str, str] | None = None
    ) -> Response:
        upload = s3._multipart_uploads.get(s3._qp(query, "uploadId"), {})
        if upload.get("checksum_type") != FULL_OBJECT:
            response: Response = complete(bucket, key, body, query, headers)
            return response
        numbers = sorted(int(number) for number in PART_NUMBER.findall(body))
        parts = (upload["parts"].get(number, {"body": b""}) for number in numbers)
        whole = _content.set(b"".join(part["body"] for part in parts))
        try:
            status, answered, document = complete(bucket, key, body, query, headers)
        finally:
            _content.reset(whole)
        if status == 200:  # noqa: PLR2004 - HTTP's OK
            s3._buckets[bucket]["objects"][key]["checksum_type"] = FULL_OBJECT
            document = document.replace(b">COMPOSITE<", b">FULL_OBJECT<")
        # ministack keeps what it answered for a repeated completion and writes into it when it sends it.
        return status, dict(answered), document

    def checksum(algorithm: str, parts: list[str]) -> object:
        content = _content.get()
        return composite(algorithm, parts) if content is None else s3._compute_s3_checksum(algorithm, content)

    s3._create_multipart_upload = create_multipart_upload
    s3._complete_multipart_upload = complete_multipart_upload
    s3._composite_checksum = checksum
