"""The commit makes exactly one attempt of each part visible, with one schema, once."""

import gzip
import pickle
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from io import BytesIO
from typing import TYPE_CHECKING, Unpack, cast

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from botocore.exceptions import ClientError

from lakeshot.columns.changes import CHANGE_COLUMNS
from lakeshot.columns.nesting import Nested
from lakeshot.columns.schema import arrow_schema
from lakeshot.columns.types import BIGINT, BINARY, DECIMAL, JSON, NULL, STRING, Column, ColumnType, array_of
from lakeshot.commit.commit import Commit, commit
from lakeshot.commit.manifest import Manifest, load_manifest
from lakeshot.commit.part import PartResult
from lakeshot.commit.rewrite import Rewrite
from lakeshot.commit.schema_change import SchemaChange
from lakeshot.errors import CommitError, LockLostError, NestedValuesError, VerificationError
from lakeshot.files import Compression, FileFormat
from lakeshot.files.formats import ENCODERS, READERS
from lakeshot.files.object_stream import ObjectStream
from lakeshot.files.read_back import read_back
from lakeshot.files.target import Target
from lakeshot.files.upload import UncommittedFile
from lakeshot.files.writer import PartWriter
from tests.unit.conftest import BUCKET, NOON

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_s3.type_defs import (
        CompleteMultipartUploadOutputTypeDef,
        CompleteMultipartUploadRequestTypeDef,
        GetObjectOutputTypeDef,
        GetObjectRequestTypeDef,
    )

PREFIX = "snapshots_reviews/snapshot_timestamp=20261121T120000Z/"
BASELINE = f"s3://{BUCKET}/runs/reviews/run-0/manifest.json"
Values = dict[str, tuple[ColumnType, list[object]]]


def column(name: str, kind: ColumnType) -> Column:
    return Column(name=name, source=name, type=kind)


def what(
    parts: int,
    file_format: FileFormat = FileFormat.PARQUET,
    known: tuple[Column, ...] | None = None,
    pins: Mapping[str, ColumnType] | None = None,
) -> Commit:
    compression = Compression.SNAPPY if file_format is FileFormat.PARQUET else Compression.GZIP
    return Commit(
        export="reviews",
        moment=NOON,
        moment_from="the run's start",
        snapshot="20261121T120000Z",
        target=Target(
            bucket=BUCKET,
            prefix=PREFIX,
            run="run-1",
            format=file_format,
            compression=compression,
            known_columns=known or (),
            pins=pins or {},
        ),
        manifest_key="runs/reviews/run-1/manifest.json",
        baseline=None if known is None else BASELINE,
        parts=parts,
        key_columns=(column("id", STRING),),
        expected_from="the sum of Count",
        started_at=NOON,
    )


def part(
    s3: "S3Client", of: Commit, number: int, values: Values, source_count: int | None = None
) -> PartResult:
    """One attempt at a part, whose rows are uploaded and invisible."""
    columns = tuple(column(name, kind) for name, (kind, _) in values.items())
    rows = len(next(iter(values.values()))[1]) if values else 0

    def typed(_: Sequence[pa.Table]) -> tuple[pa.Table, tuple[Column, ...]]:
        schema = arrow_schema(columns)
        arrays = [pa.array(v, field.type) for (_, v), field in zip(values.values(), schema, strict=True)]
        return pa.Table.from_arrays(arrays, schema=schema), columns

    with PartWriter(s3, of.target, number, typed) as writer:
        writer.write(pa.table({"raw": ["x"] * rows}))
        files = writer.finish()
    return PartResult(
        part=number,
        attempt=0,
        files=files,
        rows=rows,
        source_count=rows if source_count is None else source_count,
        scanned_count=rows,
        consumed_units=0.5,
        pages=1,
        seconds=1.0,
    )


def committed(
    s3: "S3Client", of: Commit, results: Sequence[PartResult], guard: Callable[[], None] = lambda: None
) -> Manifest:
    done = commit(s3, of, results, guard=guard, now=lambda: datetime(2026, 11, 21, 13, tzinfo=UTC))
    assert load_manifest(s3, f"s3://{BUCKET}/{of.manifest_key}", done.sha256) == done.manifest
    return done.manifest


class ForgetfulS3:
    """S3 that no longer knows an upload once it is completed or aborted, as AWS after a while."""

    def __init__(self, client: "S3Client") -> None:
        self._client = client

    def __getattr__(self, name: str) -> object:
        return getattr(self._client, name)

    def complete_multipart_upload(
        self, **request: Unpack["CompleteMultipartUploadRequestTypeDef"]
    ) -> "CompleteMultipartUploadOutputTypeDef":
        uploads = self._client.list_multipart_uploads(Bucket=BUCKET).get("Uploads", [])
        if request["UploadId"] not in [upload["UploadId"] for upload in uploads]:
            raise ClientError({"Error": {"Code": "NoSuchUpload"}}, "CompleteMultipartUpload")
        return self._client.complete_multipart_upload(**request)


@pytest.fixture
def forgetful_s3(s3: "S3Client") -> "S3Client":
    return cast("S3Client", ForgetfulS3(s3))


def keys(s3: "S3Client") -> list[str]:
    return [
        item["Key"].removeprefix(PREFIX) for item in s3.list_objects_v2(Bucket=BUCKET).get("Contents", [])
    ]


def parquet_rows(s3: "S3Client", manifest: Manifest) -> list[dict[str, object]]:
    tables = [
        pq.read_table(BytesIO(s3.get_object(Bucket=BUCKET, Key=file.key)["Body"].read()))
        for file in manifest.files
    ]
    return [row for table in tables for row in table.to_pylist()]


IDS: Values = {"id": (STRING, ["a", "b"])}


def test_files_of_all_parts_become_visible_and_are_listed(s3: "S3Client") -> None:
    """The manifest lists every file with rows and checksums that a reader finds again."""
    of = what(2)
    manifest = committed(s3, of, [part(s3, of, 0, IDS), part(s3, of, 1, {"id": (STRING, ["c"])})])
    assert keys(s3) == [
        "runs/reviews/run-1/manifest.json",
        "part-00000-0000-4e65d3fb.parquet",
        "part-00001-0000-4e65d3fb.parquet",
    ]
    assert (manifest.rows, manifest.expected_rows, manifest.consumed_units) == (3, 3, 1.0)
    assert [str(c.type) for c in manifest.columns] == ["string"]
    for file in manifest.files:
        back = read_back(s3, BUCKET, file.key, FileFormat.PARQUET, Compression.SNAPPY)
        assert (back.rows, back.bytes, back.sha256) == (file.rows, file.bytes, file.sha256)


def test_other_attempts_never_become_visible(s3: "S3Client") -> None:
    """A second attempt at a part is aborted, reported or not."""
    of = what(1)
    first, late = part(s3, of, 0, IDS), part(s3, of, 0, {"id": (STRING, ["late"])})
    part(s3, of, 0, {"id": (STRING, ["never reported"])})
    manifest = committed(s3, of, [first, late])
    assert parquet_rows(s3, manifest) == [{"id": "a"}, {"id": "b"}]
    assert "Uploads" not in s3.list_multipart_uploads(Bucket=BUCKET)


def test_another_runs_uploads_are_left_alone(s3: "S3Client") -> None:
    """Only uploads that carry this run's token are aborted."""
    of = what(1)
    other = of.model_copy(update={"target": of.target.model_copy(update={"run": "run-2"})})
    part(s3, other, 0, IDS)
    committed(s3, of, [part(s3, of, 0, IDS)])
    assert len(s3.list_multipart_uploads(Bucket=BUCKET)["Uploads"]) == 1


def test_only_files_that_disagree_are_rewritten(s3: "S3Client") -> None:
    """A narrower file is written once more with the wider type, the wide one stays as it is."""
    of = what(2)
    narrow = part(s3, of, 0, {"id": (STRING, ["a"]), "n": (BIGINT, [1])})
    wide = part(s3, of, 1, {"id": (STRING, ["b"]), "n": (DECIMAL, [Decimal("2.5")])})
    manifest = committed(s3, of, [narrow, wide])
    assert parquet_rows(s3, manifest) == [{"id": "a", "n": Decimal(1)}, {"id": "b", "n": Decimal("2.5")}]
    assert [len(key) for key in keys(s3)[1:]] == [41, 32]
    assert manifest.files[1].sha256 == wide.files[0].sha256
    assert "Uploads" not in s3.list_multipart_uploads(Bucket=BUCKET)


class OneRealFile:
    """S3 that pretends to complete every upload but one, and notes which objects are read."""

    def __init__(self, client: "S3Client", key: str) -> None:
        self._client, self._key = client, key
        self.read: list[str] = []

    def __getattr__(self, name: str) -> object:
        return getattr(self._client, name)

    def complete_multipart_upload(
        self, **request: Unpack["CompleteMultipartUploadRequestTypeDef"]
    ) -> Mapping[str, object]:
        is_real = request["Key"].startswith(self._key.removesuffix(".parquet"))
        return self._client.complete_multipart_upload(**request) if is_real else {"ETag": '"pretended"'}

    def get_object(self, **request: Unpack["GetObjectRequestTypeDef"]) -> "GetObjectOutputTypeDef":
        self.read.append(request["Key"])
        return self._client.get_object(**request)


def test_one_file_of_900_that_disagrees_is_the_only_one_rewritten(s3: "S3Client") -> None:
    """899 files stay as they are, and of the source nothing is read again: the one file is, from S3."""
    of = what(900)
    wide = part(s3, of, 0, {"id": (STRING, ["b"]), "n": (DECIMAL, [Decimal("2.5")])})
    narrow = part(s3, of, 899, {"id": (STRING, ["a"]), "n": (BIGINT, [1])})
    (file,) = wide.files
    pretended = [
        wide.model_copy(
            update={"part": n, "files": (file.model_copy(update={"key": of.target.key(part=n, number=0)}),)}
        )
        for n in range(899)
    ]
    lake = OneRealFile(s3, narrow.files[0].key)
    rewritten: list[str] = []

    def distribute(
        rewrite: Callable[["S3Client", Rewrite], UncommittedFile], items: Sequence[Rewrite]
    ) -> list[UncommittedFile]:
        rewritten.extend(item.file.key for item in items)
        sent_rewrite, sent_items = pickle.loads(pickle.dumps((rewrite, items)))  # noqa: S301
        return [sent_rewrite(cast("S3Client", lake), item) for item in sent_items]

    manifest = commit(
        cast("S3Client", lake),
        of,
        [*pretended, narrow],
        guard=lambda: None,
        now=lambda: NOON,
        distribute=distribute,
    ).manifest
    assert rewritten == [narrow.files[0].key]
    assert set(lake.read) == {narrow.files[0].key}
    assert len(manifest.files) == manifest.rows == 900
    assert [entry.sha256 for entry in manifest.files[:899]] == [file.sha256] * 899
    assert parquet_rows(s3, manifest.model_copy(update={"files": manifest.files[899:]})) == [
        {"id": "a", "n": Decimal(1)}
    ]


def test_files_that_started_from_the_published_types_agree(s3: "S3Client") -> None:
    """What was widened once is never met too narrow again, so nothing has to be rewritten."""
    of = what(2, known=(column("id", STRING), column("n", DECIMAL)))
    manifest = committed(
        s3,
        of,
        [
            part(s3, of, 0, {"id": (STRING, ["a"]), "n": (BIGINT, [1])}),
            part(s3, of, 1, {"id": (STRING, ["b"])}),
        ],
    )
    assert parquet_rows(s3, manifest) == [{"id": "a", "n": Decimal(1)}, {"id": "b", "n": None}]
    assert {len(key) for key in keys(s3)[1:]} == {32}


def test_the_difference_to_the_baseline_is_recorded(s3: "S3Client") -> None:
    """What is new, what has another type, and what nobody has a value for any more."""
    known = (column("id", STRING), column("n", BIGINT), column("gone", BINARY), column("null", STRING))
    of = what(2, known=known, pins={"null": JSON})
    values: Values = {"id": (STRING, ["a"]), "n": (STRING, ["x"]), "null": (NULL, [None])}
    manifest = committed(
        s3, of, [part(s3, of, 0, values), part(s3, of, 1, {"id": (STRING, ["b"]), "new": (BIGINT, [1])})]
    )
    assert manifest.baseline == BASELINE
    change = manifest.schema_change
    assert change is not None
    assert change.added == (column("new", BIGINT),)
    assert [(one.attribute, str(one.before), str(one.after)) for one in change.retyped] == [
        ("n", "bigint", "json"),
        ("null", "string", "json"),
    ]
    assert change.absent == ("gone", "null")
    assert [c.source for c in manifest.columns] == ["id", "n", "gone", "null", "new"]


def test_what_has_no_values_in_changes_is_no_difference(s3: "S3Client") -> None:
    """It may have some in the rows that they leave alone. New attributes and wider types are told."""
    known = (*CHANGE_COLUMNS, column("id", STRING), column("n", BIGINT), column("gone", BINARY))
    of = what(1, known=known).model_copy(update={"follows": "20261121T110000Z"})
    values: Values = {"id": (STRING, ["a"]), "n": (STRING, ["x"]), "new": (BIGINT, [1])}
    manifest = committed(s3, of, [part(s3, of, 0, values)])
    change = manifest.schema_change
    assert change is not None
    assert (change.added, change.absent) == ((column("new", BIGINT),), ())
    assert [one.attribute for one in change.retyped] == ["n"]


def test_a_manifest_says_what_tells_rows_apart_and_what_they_follow(s3: "S3Client") -> None:
    """So that changes find the rows that they replace."""
    of = what(1).model_copy(update={"key_columns": (column("id", STRING), column("when", BIGINT))})
    manifest = committed(s3, of, [part(s3, of, 0, IDS)])
    assert (manifest.keys, manifest.follows) == (("id", "when"), None)


@pytest.mark.parametrize("file_format", ENCODERS)
def test_no_changes_are_one_file_with_all_columns(s3: "S3Client", file_format: FileFormat) -> None:
    """Nothing was written in the windows; the table of changes has a partition all the same."""
    known = (*CHANGE_COLUMNS, column("id", STRING), column("n", DECIMAL), column("nothing", NULL))
    of = what(2, file_format, known=known).model_copy(update={"follows": "20261121T110000Z"})
    manifest = committed(s3, of, [part(s3, of, 0, {}), part(s3, of, 1, {})])
    assert (manifest.rows, len(manifest.files), manifest.columns) == (0, 1, known)
    assert (manifest.keys, manifest.follows) == (("id",), "20261121T110000Z")
    assert manifest.schema_change == SchemaChange()
    if file_format is FileFormat.PARQUET:
        body = s3.get_object(Bucket=BUCKET, Key=manifest.files[0].key)["Body"].read()
        assert pq.read_schema(BytesIO(body)).names == [one.name for one in known]


def test_a_first_snapshot_has_no_difference(s3: "S3Client") -> None:
    """Without a baseline there is nothing to differ from."""
    of = what(1)
    manifest = committed(s3, of, [part(s3, of, 0, IDS)])
    assert (manifest.baseline, manifest.schema_change) == (None, None)


def test_an_attribute_without_values_has_the_type_it_is_pinned_to(s3: "S3Client") -> None:
    """The pinned type holds from the start, also where no file has needed the column."""
    of = what(1, pins={"n": BIGINT})
    manifest = committed(s3, of, [part(s3, of, 0, {"id": (STRING, ["a"]), "n": (NULL, [None])})])
    assert {c.name: str(c.type) for c in manifest.columns} == {"id": "string", "n": "bigint"}
    assert parquet_rows(s3, manifest) == [{"id": "a", "n": None}]


def test_conflicting_json_lines_are_rewritten_from_their_text(s3: "S3Client") -> None:
    """Text beside a number becomes JSON text in every file, in JSON lines too."""
    of = what(2, FileFormat.JSON)
    text = part(s3, of, 0, {"id": (STRING, ["a"]), "v": (STRING, ['x"'])})
    number = part(s3, of, 1, {"id": (STRING, ["b"]), "v": (DECIMAL, [Decimal("0.5")])})
    manifest = committed(s3, of, [text, number])
    assert [str(c.type) for c in manifest.columns] == ["string", "json"]
    backs = [read_back(s3, BUCKET, f.key, FileFormat.JSON, Compression.GZIP) for f in manifest.files]
    assert [back.rows for back in backs] == [1, 1]
    lines = [gzip.decompress(s3.get_object(Bucket=BUCKET, Key=f.key)["Body"].read()) for f in manifest.files]
    assert lines == [b'{"id":"a","v":"\\"x\\\\\\"\\""}\n', b'{"id":"b","v":"0.5"}\n']


@pytest.mark.parametrize("file_format", list(ENCODERS))
def test_files_of_every_format_are_rewritten(s3: "S3Client", file_format: FileFormat) -> None:
    """A number that grew, text beside a number, and a new column, whatever holds them."""
    of = what(2, file_format)
    manifest = committed(
        s3,
        of,
        [
            part(
                s3, of, 0, {"id": (STRING, ["a,", None]), "n": (BIGINT, [1, None]), "v": (STRING, ["", None])}
            ),
            part(
                s3,
                of,
                1,
                {
                    "a": (array_of(BIGINT), [[7]]),
                    "id": (STRING, ["b"]),
                    "n": (DECIMAL, [1]),
                    "v": (BINARY, [b"x"]),
                },
            ),
        ],
    )
    assert [(c.name, str(c.type)) for c in manifest.columns] == [
        ("id", "string"),
        ("a", "array<bigint>"),
        ("n", "decimal(38,18)"),
        ("v", "json"),
    ]
    rows = []
    for file in manifest.files:
        back = read_back(s3, BUCKET, file.key, file_format, manifest.compression)
        assert (back.rows, back.sha256) == (file.rows, file.sha256)
        stream = ObjectStream(s3, BUCKET, file.key)
        for table in READERS[file_format](stream, manifest.columns, manifest.compression):
            rows += table.to_pylist()
    assert sorted(rows, key=str) == [
        {"id": "a,", "a": None, "n": Decimal(1), "v": '""'},
        {"id": "b", "a": [7], "n": Decimal(1), "v": '{"B":"eA=="}'},
        {"id": None, "a": None, "n": None, "v": None},
    ]


def test_every_csv_file_has_the_same_columns(s3: "S3Client") -> None:
    """A file that merely lacks a column is written once more, because a column is its place in the line."""
    of = what(2, FileFormat.CSV)
    manifest = committed(
        s3, of, [part(s3, of, 0, IDS), part(s3, of, 1, {"rare": (BIGINT, [1]), "id": (STRING, ["c"])})]
    )
    assert [c.name for c in manifest.columns] == ["id", "rare"]
    lines = [gzip.decompress(s3.get_object(Bucket=BUCKET, Key=f.key)["Body"].read()) for f in manifest.files]
    assert lines == [b"a,\\N\nb,\\N\n", b"c,1\n"]


def test_csv_files_that_started_alike_are_not_rewritten(s3: "S3Client") -> None:
    """From the second snapshot on every file has the published columns, in their order."""
    of = what(2, FileFormat.CSV, known=(column("id", STRING), column("z", NULL), column("m", BIGINT)))
    manifest = committed(s3, of, [part(s3, of, 0, IDS), part(s3, of, 1, {"m": (BIGINT, [1])})])
    assert [c.name for c in manifest.columns] == ["id", "z", "m"]
    assert {len(key) for key in keys(s3)[1:]} == {len("part-00000-0000-4e65d3fb.csv.gz")}


def test_mixed_types_may_be_refused(s3: "S3Client") -> None:
    """Also where only the files of two parts together mix them."""
    of = what(2)
    of = of.model_copy(update={"target": of.target.model_copy(update={"nested": Nested.REFUSE})})
    parts = [part(s3, of, 0, {"n": (BIGINT, [1])}), part(s3, of, 1, {"n": (STRING, ["x"])})]
    with pytest.raises(NestedValuesError, match="attribute 'n' holds values of the type json"):
        committed(s3, of, parts)


def test_a_missing_column_is_no_disagreement(s3: "S3Client") -> None:
    """Readers take null for a column a file lacks, so nothing is rewritten."""
    of = what(2)
    manifest = committed(
        s3, of, [part(s3, of, 0, IDS), part(s3, of, 1, {"id": (STRING, ["c"]), "rare": (BIGINT, [1])})]
    )
    assert [c.name for c in manifest.columns] == ["id", "rare"]
    assert {len(key) for key in keys(s3)[1:]} == {32}


def test_a_column_of_nothing_but_nulls_is_in_one_file(s3: "S3Client") -> None:
    """A crawler sees every attribute, also one that is null in all items."""
    of = what(1)
    manifest = committed(s3, of, [part(s3, of, 0, {"id": (STRING, ["a"]), "gone": (NULL, [None])})])
    assert parquet_rows(s3, manifest) == [{"id": "a", "gone": None}]


def test_an_empty_table_is_one_file_with_the_key_columns(s3: "S3Client") -> None:
    """A snapshot of nothing can still be catalogued and queried."""
    of = what(2)
    manifest = committed(s3, of, [part(s3, of, 0, {}), part(s3, of, 1, {})])
    assert (manifest.rows, len(manifest.files)) == (0, 1)
    body = s3.get_object(Bucket=BUCKET, Key=manifest.files[0].key)["Body"].read()
    assert pq.read_schema(BytesIO(body)).names == ["id"]


def test_an_empty_table_keeps_the_published_columns(s3: "S3Client") -> None:
    """A table that was emptied shows the columns it had."""
    of = what(1, known=(column("id", STRING), column("n", DECIMAL), column("nothing", NULL)))
    manifest = committed(s3, of, [part(s3, of, 0, {})])
    body = s3.get_object(Bucket=BUCKET, Key=manifest.files[0].key)["Body"].read()
    assert pq.read_schema(BytesIO(body)).names == ["id", "n", "nothing"]
    assert manifest.schema_change is not None
    assert manifest.schema_change.absent == ("id", "n", "nothing")


def test_an_empty_table_as_json_lines(s3: "S3Client") -> None:
    """The file of an empty snapshot is a readable file of no lines."""
    of = what(1, FileFormat.JSON)
    manifest = committed(s3, of, [part(s3, of, 0, {})])
    assert read_back(s3, BUCKET, manifest.files[0].key, FileFormat.JSON, Compression.GZIP).rows == 0


def test_a_count_that_differs_from_the_sources_makes_nothing_visible(s3: "S3Client") -> None:
    """Rows written are held against what the source said before any file appears."""
    of = what(1)
    result = part(s3, of, 0, IDS, source_count=3)
    with pytest.raises(VerificationError, match=r"2 rows were written but the source said 3"):
        committed(s3, of, [result])
    assert keys(s3) == []


def test_a_part_without_an_attempt_makes_nothing_visible(s3: "S3Client") -> None:
    """Every part has to be there."""
    of = what(2)
    result = part(s3, of, 0, IDS)
    with pytest.raises(CommitError, match=r"1 of 2 parts have no finished attempt, such as part 1"):
        committed(s3, of, [result])
    assert keys(s3) == []


def test_a_lost_lock_stops_before_anything_is_visible(s3: "S3Client") -> None:
    """The guard is asked before the first completion."""

    def lost() -> None:
        raise LockLostError("run-2 took over")

    of = what(1)
    result = part(s3, of, 0, IDS)
    with pytest.raises(LockLostError):
        committed(s3, of, [result], guard=lost)
    assert keys(s3) == []


@pytest.mark.parametrize("asked", range(1, 7))
def test_a_commit_that_stopped_anywhere_can_be_tried_again(forgetful_s3: "S3Client", asked: int) -> None:
    """Whatever an earlier try completed, rewrote or deleted, the second ends with the same snapshot."""
    of = what(2)
    results = [
        part(forgetful_s3, of, 0, {"id": (STRING, ["a"]), "n": (BIGINT, [1])}),
        part(forgetful_s3, of, 1, {"id": (STRING, ["b"]), "n": (STRING, ["x"])}),
    ]
    calls = 0

    def crash() -> None:
        nonlocal calls
        calls += 1
        if calls == asked:
            raise RuntimeError("crash")

    with pytest.raises(RuntimeError, match="crash"):
        committed(forgetful_s3, of, results, guard=crash)
    manifest = committed(forgetful_s3, of, results)
    assert [str(c.type) for c in manifest.columns] == ["string", "json"]
    assert parquet_rows(forgetful_s3, manifest) == [{"id": "a", "n": "1"}, {"id": "b", "n": '"x"'}]
    assert len(keys(forgetful_s3)) == 3
    assert committed(forgetful_s3, of, results) == manifest


def test_a_manifest_of_other_content_is_never_replaced(s3: "S3Client") -> None:
    """A second commit with other rows fails and the manifest stays."""
    of = what(1)
    committed(s3, of, [part(s3, of, 0, IDS)])
    before = s3.get_object(Bucket=BUCKET, Key=of.manifest_key)["Body"].read()
    with pytest.raises(CommitError, match=r"already describes another snapshot \(run run-1, 2 rows\)"):
        committed(s3, of, [part(s3, of, 0, {"id": (STRING, ["c"])})])
    assert s3.get_object(Bucket=BUCKET, Key=of.manifest_key)["Body"].read() == before


def test_an_upload_that_is_gone_fails_the_commit(forgetful_s3: "S3Client") -> None:
    """A file whose upload was aborted cannot be part of a snapshot."""
    of = what(1)
    result = part(forgetful_s3, of, 0, IDS)
    file: UncommittedFile = result.files[0]
    forgetful_s3.abort_multipart_upload(Bucket=BUCKET, Key=file.key, UploadId=file.upload_id)
    with pytest.raises(CommitError, match="cannot be completed"):
        committed(forgetful_s3, of, [result])
