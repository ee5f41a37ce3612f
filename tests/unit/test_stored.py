"""Small documents in S3 are written once and read as what they are."""

from typing import TYPE_CHECKING

import pytest
from botocore.exceptions import ClientError

from lakeshot.errors import CommitError, PermissionDeniedError
from lakeshot.model import Model
from lakeshot.stored import load, load_if_there, save_once
from tests.unit.conftest import BUCKET
from tests.unit.interleaving import denied, just_before

if TYPE_CHECKING:
    from mypy_boto3_s3.client import S3Client

URI = f"s3://{BUCKET}/runs/reviews/run-1/note.json"


class Note(Model):
    """A document."""

    text: str


def refused(code: str) -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": "no"}}, "PutObject")


def test_a_document_is_read_as_it_was_written(s3: "S3Client") -> None:
    """Whoever writes it gets it back as it is in place."""
    assert save_once(s3, URI, Note(text="über")) == Note(text="über")
    assert load(s3, URI, Note) == load_if_there(s3, URI, Note) == Note(text="über")


def test_a_document_is_written_only_once(s3: "S3Client") -> None:
    """Whoever comes second goes on with what the first one wrote."""
    save_once(s3, URI, Note(text="first"))
    assert save_once(s3, URI, Note(text="second")) == Note(text="first")
    assert load(s3, URI, Note) == Note(text="first")


def test_a_writer_who_comes_at_the_same_moment_is_waited_for(s3: "S3Client") -> None:
    """S3 answers 409 while another conditional write is under way, which says nothing of how it ends."""

    def another_is_quicker() -> None:
        save_once(s3, URI, Note(text="first"))
        raise refused("ConditionalRequestConflict")

    with just_before(s3, "put_object", another_is_quicker):
        assert save_once(s3, URI, Note(text="second")) == Note(text="first")


def test_after_a_conflict_that_led_to_nothing_the_document_is_written(s3: "S3Client") -> None:
    """The other writer may have given up."""

    def conflict() -> None:
        raise refused("ConditionalRequestConflict")

    with just_before(s3, "put_object", conflict):
        assert save_once(s3, URI, Note(text="mine")) == Note(text="mine")
    assert load(s3, URI, Note) == Note(text="mine")


def test_a_missing_document_is_nothing_or_an_error(s3: "S3Client") -> None:
    """As the reader wants it."""
    assert load_if_there(s3, URI, Note) is None
    with pytest.raises(CommitError, match=r"run-1/note\.json is gone, so this run cannot go on;"):
        load(s3, URI, Note)


@pytest.mark.parametrize("body", [b"{", b'{"text": 7}', b'{"text": "x", "more": 1}'])
def test_a_document_that_was_changed_is_not_trusted(body: bytes, s3: "S3Client") -> None:
    """Somebody edited it by hand."""
    s3.put_object(Bucket=BUCKET, Key="runs/reviews/run-1/note.json", Body=body)
    with pytest.raises(CommitError, match="was changed after it was written"):
        load_if_there(s3, URI, Note)


def test_what_s3_refuses_is_told_by_action_and_object(s3: "S3Client") -> None:
    """A role lacks a permission."""
    with (
        just_before(s3, "put_object", denied),
        pytest.raises(PermissionDeniedError, match="s3:PutObject on s3"),
    ):
        save_once(s3, URI, Note(text="x"))
    with (
        just_before(s3, "get_object", denied),
        pytest.raises(PermissionDeniedError, match="s3:GetObject on s3"),
    ):
        load(s3, URI, Note)
