"""A view is made and read beside the real one, before readers see anything of it."""

import gzip
import json
from typing import TYPE_CHECKING

import pytest

from lakeshot.columns.changes import CHANGE_COLUMNS
from lakeshot.commit.manifest import Manifest
from lakeshot.errors import CatalogError
from lakeshot.files import FileFormat
from lakeshot.lake.hive import HiveLake
from lakeshot.lake.shown import Layer, Shown
from lakeshot.names import run_token, staged_view
from tests.unit.conftest import BUCKET
from tests.unit.lake.conftest import EmbeddedAthena
from tests.unit.manifests import column, manifest, shown_of

if TYPE_CHECKING:
    from mypy_boto3_glue.client import GlueClient
    from mypy_boto3_s3.client import S3Client

RUN = "the run that publishes"
DAY_1, DAY_2 = "20261121T120000Z", "20261122T120000Z"
COLUMNS = (column("Id", "string"), column("Price", "decimal(38,18)"))


def views(glue: "GlueClient") -> list[str]:
    tables = glue.get_tables(DatabaseName="lakeshot")["TableList"]
    return [table["Name"] for table in tables if table["TableType"] == "VIRTUAL_VIEW"]


@pytest.fixture
def committed(lake: HiveLake, s3: "S3Client") -> Manifest:
    """A registered snapshot of two rows."""
    return commit(lake, s3, DAY_1, '{"id":"a","price":"1.5"}\n{"id":"b","price":null}\n')


def commit(lake: HiveLake, s3: "S3Client", snapshot: str, lines: str) -> Manifest:
    written = manifest(file_format=FileFormat.JSON, snapshot=snapshot, columns=COLUMNS)
    body = gzip.compress(lines.encode())
    s3.put_object(Bucket=BUCKET, Key=f"{written.prefix}part.json.gz", Body=body)
    lake.register(written, 1)
    return written


def test_a_staged_view_is_seen_by_nobody_who_reads_the_real_one(
    glue: "GlueClient", lake: HiveLake, committed: Manifest
) -> None:
    """It has a name of the run's own, and says which snapshot it shows."""
    staged = lake.stage(shown_of(committed), run=RUN)
    assert lake.shown() is None
    assert views(glue) == [staged_view("reviews", run_token(RUN))]
    assert staged.snapshot == DAY_1
    assert [(found.name, found.type) for found in staged.columns] == [
        ("id", "string"),
        ("price", "decimal(38,18)"),
        ("snapshot_timestamp", "string"),
    ]


def test_what_was_staged_is_there_for_a_later_step(lake: HiveLake, committed: Manifest) -> None:
    """Until it is removed, which may be done twice."""
    assert lake.staged(RUN) is None
    staged = lake.stage(shown_of(committed), run=RUN)
    assert lake.staged(RUN) == staged
    assert lake.staged("another run") is None
    lake.unstage(RUN)
    lake.unstage(RUN)
    assert lake.staged(RUN) is None


def test_staging_again_makes_the_same_view(lake: HiveLake, committed: Manifest) -> None:
    """A step may be invoked twice."""
    assert lake.stage(shown_of(committed), run=RUN) == lake.stage(shown_of(committed), run=RUN)


def test_a_moved_view_shows_the_snapshot(lake: HiveLake, athena: EmbeddedAthena, committed: Manifest) -> None:
    """The definition carries all that Athena needs, whatever name it was made under."""
    lake.replace(lake.stage(shown_of(committed), run=RUN), fence=1)
    lake.unstage(RUN)
    assert lake.shown_rows() == 2
    assert athena.rows(athena.run('SELECT * FROM "lakeshot"."reviews" ORDER BY "id"')) == [
        ["a", "1.500000000000000000", DAY_1],
        ["b", None, DAY_1],
    ]


def test_a_moved_view_can_be_put_back(lake: HiveLake, s3: "S3Client", committed: Manifest) -> None:
    """What was shown before is shown again, to the letter."""
    lake.replace(lake.stage(shown_of(committed), run=RUN), fence=1)
    before = lake.shown()
    assert before is not None
    later = commit(lake, s3, DAY_2, '{"id":"c","price":"2"}\n')
    lake.replace(lake.stage(shown_of(later), run=RUN), fence=2)
    assert lake.shown_rows() == 1
    lake.replace(before, fence=3)
    assert (lake.shown_rows(), lake.shown()) == (2, before)


def test_a_view_of_nothing_can_be_queried_and_leaves_nothing_staged(
    glue: "GlueClient", lake: HiveLake
) -> None:
    """An export's stack makes it, long before the first run."""
    nothing = lake.stage_nothing()
    assert (nothing.snapshot, views(glue)) == (None, [])
    lake.replace(nothing, fence=0)
    assert lake.shown_rows() == 0


def overlaid(lake: HiveLake, s3: "S3Client", price: str) -> Shown:
    """A whole snapshot, and changes that delete a row and change the price of another."""
    whole = commit(lake, s3, DAY_1, '{"id":"a","price":"1.5"}\n{"id":"b","price":null}\n')
    columns = (*CHANGE_COLUMNS, *COLUMNS)
    changes = manifest(file_format=FileFormat.JSON, snapshot=DAY_2, columns=columns).model_copy(
        update={"follows": DAY_1, "prefix": f"snapshots_reviews__changes/snapshot_timestamp={DAY_2}/"}
    )
    rows = (
        {"id": "a", "price": price, "change_operation": "update"},
        {"id": "b", "change_operation": "delete"},
    )
    told = {"change_written_micros": 1, "change_window": DAY_2, "change_repeated": True}
    lines = "".join(f"{json.dumps(row | told)}\n" for row in rows)
    body = gzip.compress(lines.encode())
    s3.put_object(Bucket=BUCKET, Key=f"{changes.prefix}part.json.gz", Body=body)
    lake.register(changes, 1)
    layer = Layer(generation=1, format=FileFormat.JSON, columns=columns, snapshots=(DAY_2,))
    overlay = {"snapshot": DAY_2, "keys": ("Id",), "changes": (layer,), "last_window": DAY_2}
    return shown_of(whole).model_copy(update=overlay)


def test_a_view_of_changes_is_made_and_moved_like_any_other(
    lake: HiveLake, s3: "S3Client", athena: EmbeddedAthena
) -> None:
    """It has the columns of its rows and no more, and the last snapshot as its partition."""
    shown = overlaid(lake, s3, "2")
    staged = lake.stage(shown, run=RUN)
    assert [(found.name, found.type) for found in staged.columns] == [
        ("id", "string"),
        ("price", "decimal(38,18)"),
        ("snapshot_timestamp", "string"),
    ]
    lake.replace(staged, fence=1)
    assert lake.shown_rows() == 1
    rows = athena.rows(athena.run('SELECT * FROM "lakeshot"."reviews"'))
    assert rows == [["a", "2.000000000000000000", DAY_2]]


def test_changes_that_cannot_be_read_are_not_staged_for_publishing(
    glue: "GlueClient", lake: HiveLake, s3: "S3Client"
) -> None:
    """They are read by themselves, because any row of the view might be of the whole snapshot."""
    with pytest.raises(CatalogError, match=r"(?i)cast"):
        lake.stage(overlaid(lake, s3, "no number"), run=RUN)
    assert views(glue) == []


def test_a_snapshot_that_cannot_be_read_is_not_staged_for_publishing(lake: HiveLake, s3: "S3Client") -> None:
    """Athena's own reason is told, and the real view stays what it was."""
    broken = commit(lake, s3, DAY_1, '{"id":"a","price":"no number"}\n')
    with pytest.raises(CatalogError, match=r"(?i)cast"):
        lake.stage(shown_of(broken), run=RUN)
    assert lake.shown() is None


@pytest.mark.parametrize(
    ("name_bytes", "count", "limit"),
    [(250, 1050, "Athena takes at most 262144"), (5, 4500, "Glue takes at most 409600")],
)
def test_a_view_too_large_for_athena_is_told_by_its_size(
    glue: "GlueClient", lake: HiveLake, name_bytes: int, count: int, limit: str
) -> None:
    """With what can be done, and before Athena is asked."""
    columns = tuple(column(f"a{number:0{name_bytes}}", "string") for number in range(count))
    with pytest.raises(CatalogError, match=f"has {count} columns, so .* has [0-9]+ bytes, and {limit}"):
        lake.stage(shown_of(manifest(columns=columns)), run=RUN)
    assert views(glue) == []


def test_a_view_of_changes_that_is_too_large_is_told_with_what_makes_it_shorter(lake: HiveLake) -> None:
    """Every set of columns is selected by itself."""
    columns = tuple(column(f"attribute_number_{number:04}", "string") for number in range(1000))
    whole = shown_of(manifest(columns=columns))
    layers = tuple(whole.base.model_copy(update={"generation": number}) for number in range(1, 5))
    shown = whole.model_copy(update={"changes": layers, "keys": (columns[0].source,)})
    message = r"1000 columns, and changes with 4 sets of columns, so .* Export the whole table again"
    with pytest.raises(CatalogError, match=message):
        lake.stage(shown, run=RUN)


def test_a_comparison_too_long_for_the_steps_is_told(lake: HiveLake) -> None:
    """Before the state machine fails on it."""
    columns = tuple(column(f"attribute_number_{number:04}", "string") for number in range(1000))
    shown = shown_of(manifest(columns=columns))
    with pytest.raises(CatalogError, match=r"has [0-9]+ bytes, and steps pass each other at most 200000"):
        lake.count_query(shown, compared=shown)


def test_a_thousand_attributes_of_usual_names_fit(lake: HiveLake) -> None:
    """The limit is far from what people have."""
    columns = tuple(column(f"attribute_number_{number:04}", "string") for number in range(1000))
    wide = manifest(columns=columns)
    lake.register(wide, 1)
    assert len(lake.stage(shown_of(wide), run=RUN).columns) == 1001
