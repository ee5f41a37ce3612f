"""A manifest is written once, says everything once, and is understood or refused."""

from typing import TYPE_CHECKING

import pytest

from lakeshot.columns.types import BIGINT, STRING, Column
from lakeshot.commit.manifest import FileEntry, Manifest, save_manifest
from lakeshot.errors import CommitError
from lakeshot.files import Compression, FileFormat
from lakeshot.stored import load
from tests.unit.conftest import BUCKET, NOON

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

KEY = "runs/reviews/run-1/manifest.json"
MANIFEST = Manifest(
    export="reviews",
    run="run-1",
    moment=NOON,
    snapshot="20261121T120000Z",
    bucket=BUCKET,
    prefix="snapshots_reviews/snapshot_timestamp=20261121T120000Z/",
    format=FileFormat.PARQUET,
    compression=Compression.SNAPPY,
    columns=(Column(name="id", source="Id", type=STRING), Column(name="stars", source="stars", type=BIGINT)),
    schema_fingerprint="f",
    rows=2,
    bytes=100,
    expected_rows=2,
    expected_from="the sum of Count",
    consumed_units=0.5,
    started_at=NOON,
    finished_at=NOON,
    files=(FileEntry(key="k", rows=2, bytes=100, sha256="s", crc32="c", etag="e"),),
)


def test_what_is_saved_is_loaded(s3: "S3Client") -> None:
    """Times, types and files survive as they were."""
    save_manifest(s3, BUCKET, KEY, MANIFEST)
    assert load(s3, f"s3://{BUCKET}/{KEY}", Manifest) == MANIFEST


def test_the_same_snapshot_saved_again_is_adopted(s3: "S3Client") -> None:
    """A second try of a commit ends later, and gets what the first one wrote."""
    save_manifest(s3, BUCKET, KEY, MANIFEST)
    later = MANIFEST.model_copy(update={"finished_at": NOON.replace(hour=13)})
    assert save_manifest(s3, BUCKET, KEY, later) == MANIFEST


def test_another_snapshot_is_refused(s3: "S3Client") -> None:
    """What is committed stays; the message says what is there."""
    save_manifest(s3, BUCKET, KEY, MANIFEST)
    with pytest.raises(CommitError, match=r"already describes another snapshot \(run run-1, 2 rows\)"):
        save_manifest(s3, BUCKET, KEY, MANIFEST.model_copy(update={"rows": 3}))
    assert load(s3, f"s3://{BUCKET}/{KEY}", Manifest).rows == 2


def test_a_missing_manifest_says_what_to_do(s3: "S3Client") -> None:
    """No manifest means that the run did not commit."""
    with pytest.raises(CommitError, match=rf"s3://{BUCKET}/{KEY} is gone, so this run cannot go on"):
        load(s3, f"s3://{BUCKET}/{KEY}", Manifest)


def test_something_else_is_refused(s3: "S3Client") -> None:
    """A manifest of an unknown version is not half understood."""
    body = MANIFEST.model_dump_json().replace('"version":1', '"version":2')
    s3.put_object(Bucket=BUCKET, Key=KEY, Body=body.encode())
    with pytest.raises(CommitError, match="was changed after it was written and cannot be trusted"):
        load(s3, f"s3://{BUCKET}/{KEY}", Manifest)


def test_columns_are_listed_once_whatever_the_number_of_files(s3: "S3Client") -> None:
    """10,000 files of 1,600 columns stay a few megabytes."""
    columns = tuple(Column(name=f"c{n}", source=f"c{n}", type=STRING) for n in range(1_600))
    files = tuple(
        FileEntry(key="k" * 100, rows=1, bytes=1, sha256="s" * 64, crc32="c" * 8, etag="e" * 36)
        for _ in range(10_000)
    )
    text = MANIFEST.model_copy(update={"columns": columns, "files": files}).model_dump_json()
    assert len(text) < 3_500_000
