"""A manifest is written once, says everything once, and is understood or refused."""

from contextlib import nullcontext
from hashlib import sha256
from typing import TYPE_CHECKING

import pytest
from botocore.exceptions import ClientError

from lakeshot.columns.types import BIGINT, NULL, STRING, Column
from lakeshot.commit.manifest import Committed, FileEntry, Manifest, load_manifest, save_manifest
from lakeshot.commit.schema_change import Retyped, SchemaChange
from lakeshot.errors import CommitError
from lakeshot.files import Compression, FileFormat
from tests.unit.conftest import BUCKET, NOON
from tests.unit.interleaving import just_before

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

KEY = "runs/reviews/run-1/manifest.json"
URI = f"s3://{BUCKET}/{KEY}"
MANIFEST = Manifest(
    export="reviews",
    run="run-1",
    moment=NOON,
    moment_from="the run's start",
    snapshot="20261121T120000Z",
    bucket=BUCKET,
    prefix="snapshots_reviews/snapshot_timestamp=20261121T120000Z/",
    format=FileFormat.PARQUET,
    compression=Compression.SNAPPY,
    columns=(Column(name="id", source="Id", type=STRING), Column(name="stars", source="stars", type=BIGINT)),
    schema_fingerprint="f",
    baseline=f"s3://{BUCKET}/runs/reviews/run-0/manifest.json",
    schema_change=SchemaChange(
        added=(Column(name="id", source="Id", type=STRING),),
        retyped=(Retyped(attribute="stars", before=NULL, after=BIGINT),),
        absent=("gone",),
    ),
    rows=2,
    bytes=100,
    expected_rows=2,
    expected_from="the sum of Count",
    consumed_units=0.5,
    started_at=NOON,
    finished_at=NOON,
    files=(FileEntry(key="k", rows=2, bytes=100, sha256="s", crc32="c", etag="e"),),
)


def digest(s3: "S3Client") -> str:
    return sha256(s3.get_object(Bucket=BUCKET, Key=KEY)["Body"].read()).hexdigest()


def test_what_is_saved_is_loaded(s3: "S3Client") -> None:
    """Times, types and files survive as they were."""
    saved = save_manifest(s3, BUCKET, KEY, MANIFEST)
    assert load_manifest(s3, URI, saved.sha256) == saved.manifest == MANIFEST


def test_the_same_snapshot_saved_again_is_adopted(s3: "S3Client") -> None:
    """A second try of a commit ends later, and gets what the first one wrote, with its digest."""
    first = save_manifest(s3, BUCKET, KEY, MANIFEST)
    later = MANIFEST.model_copy(update={"finished_at": NOON.replace(hour=13)})
    assert save_manifest(s3, BUCKET, KEY, later) == first == Committed(MANIFEST, digest(s3))


def conflict() -> None:
    """What S3 answers while another conditional write of the same key is under way."""
    raise ClientError({"Error": {"Code": "ConditionalRequestConflict", "Message": "try again"}}, "PutObject")


def test_a_manifest_that_somebody_else_was_about_to_write_is_written(s3: "S3Client") -> None:
    """The other one failed, so that nothing is there."""
    with just_before(s3, "put_object", conflict):
        saved = save_manifest(s3, BUCKET, KEY, MANIFEST)
    assert saved == Committed(MANIFEST, digest(s3))


@pytest.mark.parametrize("rows", [2, 3], ids=["the same", "another"])
def test_a_manifest_that_was_written_at_the_same_moment_is_judged_as_one_that_was_there(
    rows: int, s3: "S3Client"
) -> None:
    """The same snapshot is adopted, another one refused."""
    theirs = MANIFEST.model_copy(update={"finished_at": NOON.replace(hour=13), "rows": rows})
    put = s3.put_object

    def quicker() -> None:
        put(Bucket=BUCKET, Key=KEY, Body=theirs.model_dump_json().encode())
        conflict()

    with (
        just_before(s3, "put_object", quicker),
        nullcontext() if rows == MANIFEST.rows else pytest.raises(CommitError, match="another snapshot"),
    ):
        assert save_manifest(s3, BUCKET, KEY, MANIFEST).manifest == theirs
    assert load_manifest(s3, URI, digest(s3)) == theirs


@pytest.mark.parametrize("change", [(b"rows", b"rOws"), (b'"rows":2', b'"rows": 2')])
def test_a_manifest_that_was_edited_is_refused(s3: "S3Client", change: tuple[bytes, bytes]) -> None:
    """One byte is enough, also where it says the same as before; the message gives both digests."""
    saved = save_manifest(s3, BUCKET, KEY, MANIFEST)
    body = s3.get_object(Bucket=BUCKET, Key=KEY)["Body"].read()
    s3.put_object(Bucket=BUCKET, Key=KEY, Body=body.replace(*change))
    with pytest.raises(CommitError) as caught:
        load_manifest(s3, URI, saved.sha256)
    assert str(caught.value) == (
        f"{URI} was changed after it was committed: its SHA-256 is {digest(s3)}, {saved.sha256} was "
        "recorded. If it is the failed run's own, run again. If it is an earlier snapshot's, restore the "
        "version of the object that has the recorded SHA-256: the bucket keeps it for 30 days. If that "
        "snapshot is the published one, rolling back to another one helps as well: make rollback"
    )


def test_another_snapshot_is_refused(s3: "S3Client") -> None:
    """What is committed stays; the message says what is there."""
    save_manifest(s3, BUCKET, KEY, MANIFEST)
    with pytest.raises(CommitError, match=r"already describes another snapshot \(run run-1, 2 rows\)"):
        save_manifest(s3, BUCKET, KEY, MANIFEST.model_copy(update={"rows": 3}))
    assert load_manifest(s3, URI, digest(s3)) == MANIFEST


def test_a_missing_manifest_says_what_to_do(s3: "S3Client") -> None:
    """A manifest that is gone may still be among the bucket's versions."""
    with pytest.raises(CommitError, match=rf"{URI} is gone; .* as 0{{64}}\. .* restore the version of"):
        load_manifest(s3, URI, "0" * 64)


def test_something_else_is_refused(s3: "S3Client") -> None:
    """A manifest of an unknown version is not half understood."""
    body = MANIFEST.model_dump_json().replace('"version":1', '"version":2')
    s3.put_object(Bucket=BUCKET, Key=KEY, Body=body.encode())
    with pytest.raises(CommitError, match="that this version of Lakeshot understands; if another version"):
        load_manifest(s3, URI, digest(s3))


def test_columns_are_listed_once_whatever_the_number_of_files(s3: "S3Client") -> None:
    """10,000 files of 1,600 columns stay a few megabytes."""
    columns = tuple(Column(name=f"c{n}", source=f"c{n}", type=STRING) for n in range(1_600))
    files = tuple(
        FileEntry(key="k" * 100, rows=1, bytes=1, sha256="s" * 64, crc32="c" * 8, etag="e" * 36)
        for _ in range(10_000)
    )
    text = MANIFEST.model_copy(update={"columns": columns, "files": files}).model_dump_json()
    assert len(text) < 3_500_000
