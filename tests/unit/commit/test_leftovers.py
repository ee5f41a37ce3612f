"""What a run leaves behind is found by its token and removed, and nothing else is."""

from typing import TYPE_CHECKING

from lakeshot.commit.leftovers import abort_uploads, delete_files
from lakeshot.names import run_token
from tests.unit.conftest import BUCKET

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

PREFIX = "snapshots_reviews/snapshot_timestamp=20261121T120000Z/"
MINE = f"{PREFIX}part-00000-0000-{run_token('run-1')}"
OTHERS = f"{PREFIX}part-00000-0000-{run_token('run-2')}.parquet"


def test_files_of_the_run_are_deleted_except_those_to_keep(s3: "S3Client") -> None:
    """Rewritten files count as the run's own; another run's file stays."""
    for key in (f"{MINE}.parquet", f"{MINE}-0a1b2c3d.parquet", OTHERS):
        s3.put_object(Bucket=BUCKET, Key=key)
    delete_files(s3, BUCKET, PREFIX, "run-1", keep={f"{MINE}-0a1b2c3d.parquet"})
    left = [item["Key"] for item in s3.list_objects_v2(Bucket=BUCKET)["Contents"]]
    assert left == sorted([f"{MINE}-0a1b2c3d.parquet", OTHERS])


def test_more_files_than_one_call_takes_are_deleted(s3: "S3Client") -> None:
    """1,001 files take two calls."""
    for number in range(1_001):
        s3.put_object(Bucket=BUCKET, Key=f"{PREFIX}part-{number:05d}-0000-{run_token('run-1')}.parquet")
    delete_files(s3, BUCKET, PREFIX, "run-1")
    assert "Contents" not in s3.list_objects_v2(Bucket=BUCKET)


def test_uploads_of_the_run_are_aborted(s3: "S3Client") -> None:
    """Another run's upload goes on."""
    for key in (f"{MINE}.parquet", f"{MINE}.parquet", OTHERS):
        s3.create_multipart_upload(Bucket=BUCKET, Key=key)
    abort_uploads(s3, BUCKET, PREFIX, "run-1")
    assert [upload["Key"] for upload in s3.list_multipart_uploads(Bucket=BUCKET)["Uploads"]] == [OTHERS]
