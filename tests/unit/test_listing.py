"""A missing object is told from a forbidden one, by roles that S3 tells no difference."""

from typing import TYPE_CHECKING

import pytest

from lakeshot.errors import PermissionDeniedError
from lakeshot.listing import body_if_there, is_listed
from tests.unit.conftest import BUCKET
from tests.unit.interleaving import denied, just_before

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

KEY = "raw/data/a.json.gz"


@pytest.fixture
def stored(s3: "S3Client") -> None:
    s3.put_object(Bucket=BUCKET, Key=KEY, Body=b"content")


@pytest.mark.usefixtures("stored")
def test_an_object_is_listed_by_its_whole_key(s3: "S3Client") -> None:
    """One whose key only begins so is another."""
    assert is_listed(s3, BUCKET, KEY)
    assert not is_listed(s3, BUCKET, KEY.removesuffix(".gz"))


@pytest.mark.usefixtures("stored")
def test_an_object_that_is_there_has_a_body(s3: "S3Client") -> None:
    body = body_if_there(s3, BUCKET, KEY)
    assert body is not None
    assert body.read() == b"content"


def test_a_missing_object_has_none(s3: "S3Client") -> None:
    """Whether S3 says that it is missing, or forbidden as it does to whoever lists by prefix alone."""
    assert body_if_there(s3, BUCKET, KEY) is None
    with just_before(s3, "get_object", denied):
        assert body_if_there(s3, BUCKET, KEY) is None


@pytest.mark.usefixtures("stored")
def test_a_forbidden_object_is_no_missing_one(s3: "S3Client") -> None:
    """It is listed, so it is the permission that is missing."""
    with (
        just_before(s3, "get_object", denied),
        pytest.raises(PermissionDeniedError, match=f"s3:GetObject on s3://{BUCKET}/{KEY};"),
    ):
        body_if_there(s3, BUCKET, KEY)
