"""Only the files that an export's own manifest names are its files, and only a whole manifest is trusted."""

from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest

from lakeshot.dynamodb.export_manifest import DataFile, read_manifest
from lakeshot.errors import SourceError
from tests.unit.conftest import BUCKET
from tests.unit.dynamodb.exports import FOLDER, TABLE, WINDOW, put_manifest
from tests.unit.interleaving import denied, just_before

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

FILES = (
    DataFile(key=f"{FOLDER}data/b.json.gz", items=2, md5="1B2M2Y8AsgTpgAmY7PhCfg=="),
    DataFile(key=f"{FOLDER}data/a.json.gz", items=0, md5="1B2M2Y8AsgTpgAmY7PhCfg=="),
)


@pytest.mark.parametrize("checksum", ["md5", "checksum"])
def test_it_lists_the_data_files(s3: "S3Client", checksum: str) -> None:
    """In its own order, whichever of the two names DynamoDB gives to checksums."""
    assert read_manifest(s3, put_manifest(s3, FILES, checksum=checksum)) == FILES


def test_an_export_of_before_there_were_kinds_is_a_full_one(s3: "S3Client") -> None:
    """Its summary does not say so; it may also say more than is known here."""
    export = put_manifest(s3, FILES, changed={"exportType": None, "tableId": "1"})
    assert read_manifest(s3, export) == FILES


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({"tableArn": f"{TABLE}2"}, f"of another table: {TABLE}2, not {TABLE};"),
        ({"exportArn": f"{TABLE}/export/0"}, f"of another export: {TABLE}/export/0, not {TABLE}/export/"),
        ({"outputFormat": "ION"}, "of another format: ION, not DYNAMODB_JSON;"),
        ({"exportType": "INCREMENTAL_EXPORT"}, "of another kind: INCREMENTAL_EXPORT, not FULL_EXPORT;"),
        ({"itemCount": 3}, r"hold 2 items, but \S+ says 3;"),
        ({"itemCount": "many"}, r"no export manifest as DynamoDB writes it \(itemCount\)"),
        ({"manifestFilesS3Key": f"{FOLDER}gone.json"}, "gone.json is missing;"),
    ],
)
def test_a_manifest_that_is_not_this_exports_is_refused(
    s3: "S3Client", changed: dict[str, object], told: str
) -> None:
    """What was found, what is wanted, and where."""
    with pytest.raises(SourceError, match=told):
        read_manifest(s3, put_manifest(s3, FILES, changed=changed))


def test_files_of_a_window_know_it(s3: "S3Client") -> None:
    """By that they are read as changes."""
    export = put_manifest(s3, FILES, window=WINDOW, changed={"exportTime": "2026-11-21T12:00:00.000Z"})
    assert read_manifest(s3, export) == tuple(file.model_copy(update={"window": WINDOW}) for file in FILES)


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({"exportType": "FULL_EXPORT"}, "of another kind: FULL_EXPORT, not INCREMENTAL_EXPORT;"),
        ({"exportType": None}, "of another kind: FULL_EXPORT, not INCREMENTAL_EXPORT;"),
        (
            {"exportFromTime": "2026-11-21T11:00:01.000Z"},
            r"of another beginning: 2026-11-21 11:00:01\+00:00, not 2026-11-21 11:00:00\+00:00;",
        ),
        ({"exportToTime": "2026-11-21T13:00:00Z"}, "of another end: 2026-11-21 13:00:00"),
        ({"exportToTime": None}, "of another end: None, not 2026-11-21 12:00:00"),
        ({"exportToTime": "noon"}, r"no export manifest as DynamoDB writes it \(exportToTime\)"),
        ({"outputView": "NEW_IMAGE"}, "of another view: NEW_IMAGE, not NEW_AND_OLD_IMAGES;"),
        ({"outputView": None}, "of another view: None, not NEW_AND_OLD_IMAGES;"),
    ],
)
def test_a_manifest_of_another_window_is_refused(
    s3: "S3Client", changed: dict[str, object], told: str
) -> None:
    """Also one that does not tell old images, without which a deletion shows no difference."""
    with pytest.raises(SourceError, match=told):
        read_manifest(s3, put_manifest(s3, FILES, window=WINDOW, changed=changed))


@pytest.mark.parametrize(
    ("harm", "told"),
    [
        (
            lambda s3: _put(s3, "manifest-summary.json", b"{}"),
            "summary.json was changed after DynamoDB wrote",
        ),
        (
            lambda s3: _put(s3, "manifest-files.json", b""),
            "files.json was changed after DynamoDB wrote it: its",
        ),
        (
            lambda s3: _put(s3, "manifest-files.md5", b"\xff"),
            "files.json was changed after DynamoDB wrote it",
        ),
        (
            lambda s3: _delete(s3, "manifest-files.md5"),
            r"checksum of \S+ is missing \(\S+\.md5 or \S+checksum\)",
        ),
        (lambda s3: _delete(s3, "manifest-summary.json"), "manifest-summary.json is missing;"),
    ],
)
def test_a_manifest_that_was_changed_is_refused(
    s3: "S3Client", harm: Callable[["S3Client"], None], told: str
) -> None:
    """Both of its files have their checksum next to them."""
    export = put_manifest(s3, FILES)
    harm(s3)
    with pytest.raises(SourceError, match=told):
        read_manifest(s3, export)


def test_a_checksum_of_the_other_name_is_found_where_s3_forbids_what_is_missing(s3: "S3Client") -> None:
    """As it does to a job, which may list by prefix only."""
    export = put_manifest(s3, FILES, checksum="checksum")
    with just_before(s3, "get_object", denied, call=2):
        assert read_manifest(s3, export) == FILES


def test_a_manifest_that_names_a_file_twice_is_refused(s3: "S3Client") -> None:
    """Its items would be there twice."""
    with pytest.raises(SourceError, match="names a file twice"):
        read_manifest(s3, put_manifest(s3, (FILES[0], FILES[0])))


def _put(s3: "S3Client", name: str, body: bytes) -> None:
    s3.put_object(Bucket=BUCKET, Key=f"{FOLDER}{name}", Body=body)


def _delete(s3: "S3Client", name: str) -> None:
    s3.delete_object(Bucket=BUCKET, Key=f"{FOLDER}{name}")
