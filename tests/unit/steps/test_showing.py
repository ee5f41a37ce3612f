"""What the view of a snapshot is made of."""

import pytest

from lakeshot.columns.changes import CHANGE_COLUMNS
from lakeshot.errors import CatalogError, CommitError
from lakeshot.files import FileFormat
from lakeshot.lake.shown import Layer, Shown
from lakeshot.steps.showing import showing
from tests.unit.manifests import COLUMNS, column
from tests.unit.stage import DAY_1, DAY_2, DAY_3, Stage

DAY_4 = "20261124T120000Z"


def shown(stage: Stage, snapshot: str) -> Shown:
    entry = stage.snapshots().get(snapshot)
    assert entry is not None
    return showing(stage.s3, stage.snapshots(), entry)


def layer(*snapshots: str, changes: bool = False) -> Layer:
    columns = (*CHANGE_COLUMNS, *COLUMNS) if changes else COLUMNS
    return Layer(
        generation=1,
        format=FileFormat.PARQUET,
        columns=columns,
        snapshots=snapshots,
        rows=2 * len(snapshots),
    )


def three_links(stage: Stage) -> None:
    """A whole snapshot and two of changes."""
    stage.succeed("run-1", 1)
    stage.succeed("run-2", 2, follows=DAY_1, rows_shown=4)
    stage.succeed("run-3", 3, follows=DAY_2, rows_shown=6)


def test_a_whole_snapshot_is_shown_by_itself(stage: Stage) -> None:
    """Whatever else there is."""
    three_links(stage)
    assert shown(stage, DAY_1) == Shown(
        snapshot=DAY_1, columns=COLUMNS, keys=("Id",), base=layer(DAY_1), last_window=DAY_1
    )


def test_changes_are_shown_over_the_whole_snapshot_that_they_begin_with(stage: Stage) -> None:
    """Those that have the same columns are read together."""
    three_links(stage)
    assert shown(stage, DAY_3) == Shown(
        snapshot=DAY_3,
        columns=COLUMNS,
        keys=("Id",),
        base=layer(DAY_1),
        changes=(layer(DAY_2, DAY_3, changes=True),),
        last_window=DAY_3,
    )


def test_an_earlier_link_is_shown_without_the_later_ones(stage: Stage) -> None:
    """As a rollback wants it."""
    three_links(stage)
    assert shown(stage, DAY_2).changes == (layer(DAY_2, changes=True),)


def test_changes_with_other_columns_are_read_apart(stage: Stage) -> None:
    """In the order in which they came; the view has the last one's columns."""
    stage.succeed("run-1", 1)
    stage.succeed("run-2", 2, follows=DAY_1, rows_shown=4)
    plan = stage.begin("run-3", 3, follows=DAY_2)
    wider = (column("Id", "string"), column("Stars", "decimal(38,18)"))
    stage.commit(plan, columns=wider)
    stage.catalogue(plan)
    found = shown(stage, DAY_3)
    assert found.columns == wider
    assert [(one.generation, one.snapshots) for one in found.changes] == [(1, (DAY_2,)), (2, (DAY_3,))]


def test_an_edited_manifest_in_between_is_not_needed_where_another_has_the_same_columns(
    stage: Stage,
) -> None:
    """But the newest one's own is."""
    three_links(stage)
    stage.write("runs/reviews/run-2/manifest.json", b"{}")
    assert shown(stage, DAY_3).changes == (layer(DAY_2, DAY_3, changes=True),)
    with pytest.raises(CommitError, match=r"run-2/manifest\.json was changed"):
        shown(stage, DAY_2)


def test_a_link_that_is_gone_is_told(stage: Stage) -> None:
    """With what can be done."""
    stage.succeed("run-1", 1)
    plan = stage.begin("run-2", 2, follows=DAY_4)
    stage.commit(plan)
    with pytest.raises(
        CatalogError, match=rf"since snapshot {DAY_4}, which is not there any more.*full: true"
    ):
        stage.catalogue(plan)


def test_a_snapshot_that_is_not_in_the_catalog_cannot_be_shown(stage: Stage) -> None:
    """The step before this one was skipped."""
    stage.commit(stage.begin("run-1", 1))
    with pytest.raises(CatalogError, match=f"snapshot {DAY_1} is not in the catalog; run again"):
        shown(stage, DAY_1)
