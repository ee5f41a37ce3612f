"""How an export's bytes become files: cut at row ends, seen only when all of it is there."""

from typing import TYPE_CHECKING

import pytest

from local.postgres.aws_s3.row_ends import RowEnds
from local.postgres.aws_s3.upload import PART_BYTES, Target, Upload

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

BUCKET = "lakeshot-dev-123456789012-us-east-1"


def uploaded(s3: "S3Client", blocks: list[bytes], file_bytes: int, options: str | None) -> dict[str, bytes]:
    """The objects that blocks become."""
    upload = Upload(s3, Target(bucket=BUCKET, key="a/b", options=options), file_bytes)
    for block in blocks:
        upload.write(block)
    assert s3.list_objects_v2(Bucket=BUCKET)["KeyCount"] == 0
    upload.complete()
    listed = s3.list_objects_v2(Bucket=BUCKET)["Contents"]
    objects = {one["Key"]: s3.get_object(Bucket=BUCKET, Key=one["Key"])["Body"].read() for one in listed}
    assert upload.files == len(objects)
    assert upload.uploaded_bytes == sum(map(len, objects.values()))
    return objects


@pytest.mark.parametrize("block_bytes", [1, 3, 100])
def test_text_is_cut_after_the_row_that_fills_a_file(s3: "S3Client", block_bytes: int) -> None:
    """Whatever the blocks; a file that is filled by the last row has no empty one behind it."""
    data = b"1\taa\n2\tbb\n3\tcc\n4\tdd\n"
    blocks = [data[at : at + block_bytes] for at in range(0, len(data), block_bytes)]
    assert uploaded(s3, blocks, 6, None) == {
        "a/b": b"1\taa\n2\tbb\n",
        "a/b_part2": b"3\tcc\n4\tdd\n",
    }


@pytest.mark.parametrize("block_bytes", [1, 4, 100])
@pytest.mark.parametrize(
    ("options", "quote"), [("format csv", b'"'), ("FORMAT 'csv', quote $$'$$, delimiter ':'", b"'")]
)
def test_csv_is_never_cut_inside_quotes(s3: "S3Client", block_bytes: int, options: str, quote: bytes) -> None:
    """A line end in a quoted value ends no row."""
    data = b'"a\nb\n""",1\n"c",2\n'.replace(b'"', quote)
    blocks = [data[at : at + block_bytes] for at in range(0, len(data), block_bytes)]
    objects = uploaded(s3, blocks, 1, options)
    assert list(objects.values()) == [
        b'"a\nb\n""",1\n'.replace(b'"', quote),
        b'"c",2\n'.replace(b'"', quote),
    ]


def test_binary_stays_in_one_file(s3: "S3Client") -> None:
    """Where its rows end can't be seen without reading them."""
    assert uploaded(s3, [b"a\nb\n", b"c\n"], 1, "format binary") == {"a/b": b"a\nb\nc\n"}


def test_no_rows_make_one_empty_object(s3: "S3Client") -> None:
    """So that a reader finds a file."""
    assert uploaded(s3, [], 100, None) == {"a/b": b""}


def test_much_goes_up_in_parts_and_can_be_given_up(s3: "S3Client") -> None:
    """Nothing waits in memory, and nothing is left behind."""
    upload = Upload(s3, Target(bucket=BUCKET, key="big"), 10**10)
    upload.write(b"x" * PART_BYTES)
    upload.write(b"y" * 10)
    assert len(s3.list_multipart_uploads(Bucket=BUCKET)["Uploads"]) == 1
    upload.abort()
    assert "Uploads" not in s3.list_multipart_uploads(Bucket=BUCKET)
    assert s3.list_objects_v2(Bucket=BUCKET)["KeyCount"] == 0


def test_a_key_that_is_named_encrypts_every_file(s3: "S3Client") -> None:
    """Those uploaded at once and those uploaded in parts."""
    upload = Upload(s3, Target(bucket=BUCKET, key="named", kms_key="alias/exports"), PART_BYTES)
    upload.write(b"x" * PART_BYTES + b"\n1\n")
    upload.complete()
    for key in ("named", "named_part2"):
        head = s3.head_object(Bucket=BUCKET, Key=key)
        assert (head["ServerSideEncryption"], head["SSEKMSKeyId"]) == ("aws:kms", "alias/exports")


def test_a_cut_is_the_first_row_end_from_there_on() -> None:
    """Row ends before are passed over."""
    ends = RowEnds("format text")
    assert [ends.cut(b"ab\ncd\n", begin) for begin in (0, 2, 3, 6)] == [3, 3, 6, None]
