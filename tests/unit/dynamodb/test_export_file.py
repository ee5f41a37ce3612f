"""A data file of an export: read whole and as it was written, or refused with the place of the fault."""

import gzip
import io
import tracemalloc
from collections.abc import Sequence
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lakeshot.dynamodb.export_file import LONGEST_LINE_BYTES, PIECE_BYTES, ExportFile, whole_lines
from lakeshot.dynamodb.export_manifest import DataFile
from lakeshot.dynamodb.export_rows import ExportRows, typed_rows
from lakeshot.errors import PermissionDeniedError, SourceError
from tests.unit.conftest import BUCKET
from tests.unit.dynamodb.exports import (
    FOLDER,
    WINDOW,
    change,
    json_lines,
    lines_of,
    md5,
    put_changes,
    put_data,
    put_items,
)
from tests.unit.dynamodb.type_table import Value
from tests.unit.interleaving import denied, just_before

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

ITEMS: Sequence[dict[str, Value]] = [{"id": {"S": str(number)}} for number in range(3)]
TEXT = lines_of(ITEMS)


def read(s3: "S3Client", file: DataFile) -> list[ExportRows]:
    return list(ExportFile(s3, BUCKET, file).rows())


def ids(pieces: Sequence[ExportRows]) -> list[str]:
    table, _ = typed_rows(pieces)
    found: list[str] = table.column("id").to_pylist()
    return found


def test_all_items_are_read_in_order(s3: "S3Client") -> None:
    """Also those of the last line."""
    assert ids(read(s3, put_items(s3, "a", ITEMS))) == ["0", "1", "2"]


def test_the_last_line_needs_no_end(s3: "S3Client") -> None:
    """And is no less an item for it."""
    assert ids(read(s3, put_data(s3, "a", gzip.compress(TEXT.rstrip()), 3))) == ["0", "1", "2"]


def test_a_gzip_file_may_have_several_members(s3: "S3Client") -> None:
    """As gzip itself allows, cut anywhere, even within a line."""
    body = gzip.compress(TEXT[:10]) + gzip.compress(b"") + gzip.compress(TEXT[10:])
    assert ids(read(s3, put_data(s3, "a", body, 3))) == ["0", "1", "2"]


@pytest.mark.parametrize("body", [b"", gzip.compress(b"")], ids=["no bytes", "compressed"])
def test_a_file_without_items_has_none(s3: "S3Client", body: bytes) -> None:
    """There is one for each empty partition, whether or not it is compressed nothing or nothing at all."""
    assert read(s3, put_data(s3, "a", body, 0)) == []


class Endless(io.RawIOBase):
    """Gives a few bytes at a time, as a network does."""

    def __init__(self, body: bytes, most: int) -> None:
        self._body, self._most = io.BytesIO(body), most

    def read(self, size: int = -1) -> bytes:
        return self._body.read(min(size, self._most))


@given(
    st.lists(st.integers(0, 3 * PIECE_BYTES // 2), max_size=4), st.integers(1_000, 10**6), st.integers(0, 3)
)
def test_pieces_end_where_lines_do_and_miss_nothing(lengths: list[int], most: int, members: int) -> None:
    """However long lines are, wherever the network or a member cuts."""
    text = b"".join(bytes([97 + index]) * length + b"\n" for index, length in enumerate(lengths))
    size = len(text) // (members + 1) + 1
    body = b"".join(gzip.compress(text[at : at + size], 1) for at in range(0, len(text), size))
    pieces = list(whole_lines(Endless(body, most)))
    assert b"".join(pieces) == text
    assert all(piece.endswith(b"\n") for piece in pieces)


def test_a_piece_that_fills_exactly_ends_no_stream_early() -> None:
    """Text of just as many bytes as are decompressed at once has another member behind it."""
    first = b"a" * (PIECE_BYTES - 1) + b"\n"
    body = gzip.compress(first) + gzip.compress(b"b\n")
    for most in (len(gzip.compress(first)), 10**6):
        assert b"".join(whole_lines(Endless(body, most))) == first + b"b\n"


def test_memory_is_bounded_by_the_longest_line_not_by_the_file() -> None:
    """Whatever a little compressed data may stand for."""
    body = gzip.compress(b"a" * 1_000 + b"\n") * 200_000
    tracemalloc.start()
    assert sum(map(len, whole_lines(io.BytesIO(body)))) == 200_200_000
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 8 * PIECE_BYTES


def test_a_line_longer_than_any_item_is_refused() -> None:
    """Before it fills the memory."""
    body = gzip.compress(b"a" * (LONGEST_LINE_BYTES + PIECE_BYTES))
    with pytest.raises(ValueError, match="a line is longer than 16,777,216 bytes"):
        list(whole_lines(io.BytesIO(body)))


def test_a_missing_file_is_told_by_name(s3: "S3Client") -> None:
    """The manifest names it, so the export is not whole."""
    file = DataFile(key=f"{FOLDER}data/gone.json.gz", items=1, md5="x")
    with pytest.raises(SourceError, match=rf"manifest names s3://{BUCKET}/{file.key}, which is missing"):
        read(s3, file)


def test_a_file_that_may_not_be_read_is_not_told_as_missing(s3: "S3Client") -> None:
    """S3 answers a job alike in both cases."""
    file = put_items(s3, "a", ITEMS)
    with just_before(s3, "get_object", denied), pytest.raises(PermissionDeniedError, match="s3:GetObject on"):
        read(s3, file)
    s3.delete_object(Bucket=BUCKET, Key=file.key)
    with just_before(s3, "get_object", denied), pytest.raises(SourceError, match="which is missing"):
        read(s3, file)


def test_a_file_that_was_cut_off_is_refused(s3: "S3Client") -> None:
    """By its checksum; nothing else can be said of it."""
    file = put_items(s3, "a", ITEMS)
    whole = s3.get_object(Bucket=BUCKET, Key=file.key)["Body"].read()
    s3.put_object(Bucket=BUCKET, Key=file.key, Body=whole[:-10])
    with pytest.raises(SourceError, match="was cut off or changed after DynamoDB wrote it: its MD5 is"):
        read(s3, file)


@pytest.mark.parametrize("left_out", [1, 8, 20])
def test_a_gzip_stream_without_end_is_refused(s3: "S3Client", left_out: int) -> None:
    """Also where the checksum is that of the truncated bytes."""
    with pytest.raises(SourceError, match="its gzip stream has no end"):
        read(s3, put_data(s3, "a", gzip.compress(TEXT)[:-left_out], 3))


def test_bytes_that_are_no_gzip_are_refused(s3: "S3Client") -> None:
    """As they are where somebody put other files in the place of DynamoDB's."""
    with pytest.raises(SourceError, match=r"cannot be read: .* Invalid gzip"):
        read(s3, put_data(s3, "a", TEXT, 3))


def test_bytes_that_were_changed_are_refused(s3: "S3Client") -> None:
    """Even where they are as many items as before."""
    file = put_items(s3, "a", ITEMS)
    changed = gzip.compress(TEXT.replace(b"2", b"9"))
    s3.put_object(Bucket=BUCKET, Key=file.key, Body=changed)
    with pytest.raises(SourceError, match="its MD5 is") as refused:
        read(s3, file)
    assert f"its MD5 is {md5(changed)}, not {file.md5}" in str(refused.value)


def test_a_changed_file_is_told_as_such_whatever_else_is_wrong_with_it(s3: "S3Client") -> None:
    """What cannot be decoded in it is no news."""
    file = put_items(s3, "a", ITEMS)
    s3.put_object(Bucket=BUCKET, Key=file.key, Body=gzip.compress(b"junk\n"))
    with pytest.raises(SourceError, match="its MD5 is"):
        read(s3, file)


FAULTS = {
    "no JSON": (b"junk", "line 3: it is not JSON"),
    "an escape that JSON does not know": (b'{"Item":{"a":{"S":"se\\cret"}}}', None),
    "a line end within a text": (b'{"Item":{"a":{"S":"se\ncret"}}}', "line 3: it is not JSON"),
    "no item": (b'{"Keys":{"a":{"S":"secret"}}}', "line 3: it is no item, as in"),
    "a type tag that there is not": (
        b'{"Item":{"a":{"X":"secret"}}}',
        "line 3: a value is not what its type tag says",
    ),
    "a number that is none": (
        b'{"Item":{"a":{"M":{"b":{"N":"secret"}}}}}',
        "line 3: a number is none that DynamoDB holds",
    ),
}


@pytest.mark.parametrize("case", FAULTS)
def test_a_fault_is_told_by_file_and_line_without_what_it_holds(s3: "S3Client", case: str) -> None:
    """Before other lines and behind others."""
    line, told = FAULTS[case]
    file = put_data(s3, "a", gzip.compress(lines_of(ITEMS[:2]) + line + b"\n" + lines_of(ITEMS[2:])), 4)
    if told is None:  # seen only where many values come together, and told by the part that has them
        fault = ExportFile(s3, BUCKET, file).fault()
        assert fault is not None
        message, told = str(fault), "line 3: it is not JSON"
    else:
        with pytest.raises(SourceError) as refused:
            read(s3, file)
        message = str(refused.value)
    assert message.startswith(f"s3://{BUCKET}/{file.key} cannot be read: {told}")
    assert "cret" not in message
    assert "Start a new run" in message


def test_changes_are_read_in_order(s3: "S3Client") -> None:
    """The file is known by its manifest to hold them."""
    file = put_changes(s3, "a", [change(item, item) for item in ITEMS])
    assert ids(read(s3, file)) == ["0", "1", "2"]


CHANGES = [change(item, item) for item in ITEMS[:2]]
FAULTS_OF_CHANGES = {
    "no JSON": (b"junk", "line 3: it is not JSON"),
    "an item": (b'{"Item":{"a":{"S":"secret"}}}', 'line 3: it is no change, as in {"Metadata":{…},"Keys":'),
    "a word beside": (b'{"Metadata":{},"Keys":{},"secret":1}', "line 3: it is no change, as in"),
    "no time": (
        b'{"Metadata":{"secret":"1"},"Keys":{"id":{"S":"a"}}}',
        "line 3: its Metadata has no WriteTimestampMicros",
    ),
    "a member twice": (
        b'{"Metadata":{"WriteTimestampMicros":"1"},"Keys":{"id":{"S":"a"}},"Keys":{"id":{"S":"secret"}}}',
        "line 3: it is no list of changes",
    ),
    "an old image that is none": (
        b'{"Metadata":{"WriteTimestampMicros":"1"},"Keys":{"id":{"S":"a"}},"OldImage":{"a":{"X":"secret"}}}',
        "line 3: a value is not what its type tag says",
    ),
}


@pytest.mark.parametrize("case", FAULTS_OF_CHANGES)
def test_a_fault_of_a_change_is_told_by_file_and_line_too(s3: "S3Client", case: str) -> None:
    """Without what it holds."""
    line, told = FAULTS_OF_CHANGES[case]
    text = json_lines(CHANGES) + line + b"\n" + json_lines(CHANGES)
    file = put_data(s3, "a", gzip.compress(text), 5, window=WINDOW)
    with pytest.raises(SourceError) as refused:
        read(s3, file)
    assert str(refused.value).startswith(f"s3://{BUCKET}/{file.key} cannot be read: {told}")
    assert "secret" not in str(refused.value)


def test_lines_are_counted_over_the_whole_file(s3: "S3Client") -> None:
    """Not over the piece that was decoded."""
    many = [{"id": {"S": "x" * 1_000}}] * 3_000
    file = put_data(s3, "a", gzip.compress(lines_of(many) + b"junk\n"), 3_001)
    with pytest.raises(SourceError, match="line 3,001: it is not JSON"):
        read(s3, file)


def test_a_file_without_fault_has_none(s3: "S3Client") -> None:
    """So the next one is looked at."""
    assert ExportFile(s3, BUCKET, put_items(s3, "a", ITEMS)).fault() is None


@pytest.mark.parametrize("listed", [2, 4])
def test_the_number_of_items_is_the_manifests(s3: "S3Client", listed: int) -> None:
    """Neither fewer nor more."""
    with pytest.raises(SourceError, match=rf"holds 3 items, but the export's manifest says {listed}"):
        read(s3, put_data(s3, "a", gzip.compress(TEXT), listed))
