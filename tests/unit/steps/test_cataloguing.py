"""In which generation of the table a snapshot is registered, and when it is not."""

from datetime import datetime, timedelta

import pytest

from lakeshot.errors import CatalogError, CommitError, LockLostError
from tests.unit.conftest import NOON
from tests.unit.manifests import column
from tests.unit.stage import DAY_1, DAY_2, DAY_3, Stage

CRAWLER = "lakeshot-dev-reviews"


def crawled(stage: Stage, at: datetime, status: str = "SUCCEEDED", **last: object) -> None:
    """The crawler of ``reviews`` crawled last at a time."""
    stage.glue.crawlers[CRAWLER] = {
        "State": "READY",
        "LastCrawl": {"StartTime": at, "Status": status, **last},
    }


def uses_crawler(stage: Stage) -> None:
    stage.deployed["reviews"] = stage.deployed["reviews"].model_copy(update={"catalog": "crawler"})


def generation(stage: Stage, snapshot: str) -> int | None:
    entry = stage.snapshots().get(snapshot)
    assert entry is not None
    return entry.generation


def test_the_first_snapshot_opens_the_first_generation(stage: Stage) -> None:
    """It is registered there, and the query counts it as a reader would."""
    plan = stage.begin("run-1", 1)
    committed = stage.commit(plan)
    assert stage.catalogue(plan) == f"count {DAY_1} in generation 1"
    assert stage.lake.registered == {DAY_1: committed}
    assert (stage.lake.generations, generation(stage, DAY_1)) == ({DAY_1: 1}, 1)


def test_snapshots_whose_columns_agree_share_a_generation(stage: Stage) -> None:
    """A column that is new changes no type."""
    stage.succeed("run-1", 1)
    plan = stage.begin("run-2", 2)
    stage.commit(plan, columns=(column("Stars", "bigint"), column("New", "string")))
    stage.catalogue(plan)
    assert generation(stage, DAY_2) == 1


def test_a_column_of_another_type_opens_a_new_generation(stage: Stage) -> None:
    """Athena could not read it in one table with the earlier ones; those that follow stay with it."""
    stage.succeed("run-1", 1)
    for run, day in (("run-2", 2), ("run-3", 3)):
        plan = stage.begin(run, day)
        stage.commit(plan, columns=(column("Stars", "number_text"),))
        stage.catalogue(plan)
        stage.verify(plan)
        stage.publish(plan)
        stage.report(plan)
    assert [generation(stage, day) for day in (DAY_1, DAY_2, DAY_3)] == [1, 2, 2]
    assert stage.lake.generations == {DAY_1: 1, DAY_2: 2, DAY_3: 2}


def test_every_schema_of_a_generation_counts_not_only_the_newest(stage: Stage) -> None:
    """The older one disagrees, and its partition is in the table that the newest is in."""
    for run, day, columns in (
        ("run-1", 1, (column("Stars", "bigint"),)),
        ("run-2", 2, (column("Text", "string"),)),
        ("run-3", 3, (column("Stars", "number_text"),)),
    ):
        plan = stage.begin(run, day)
        stage.commit(plan, columns=columns)
        stage.catalogue(plan)
        stage.verify(plan)
        stage.publish(plan)
        stage.report(plan)
    assert [generation(stage, day) for day in (DAY_1, DAY_2, DAY_3)] == [1, 1, 2]


def test_an_edited_manifest_of_an_older_snapshot_is_told_with_its_remedy(stage: Stage) -> None:
    """Nobody else knows its columns, so where the new snapshot belongs is not guessed."""
    first = stage.succeed("run-1", 1)
    plan = stage.begin("run-2", 2)
    stage.commit(plan)
    stage.write(first.manifest_key, b"{}")
    with pytest.raises(CommitError, match=r"run-1/manifest\.json was changed .* restore the version of the"):
        stage.catalogue(plan)
    assert generation(stage, DAY_2) is None


def test_an_edited_manifest_is_not_needed_where_another_one_has_the_same_columns(stage: Stage) -> None:
    """So after a rollback from a snapshot whose manifest was edited, the next run succeeds."""
    stage.succeed("run-1", 1)
    edited = stage.succeed("run-2", 2)
    stage.write(edited.manifest_key, b"{}")
    back = stage.begin("run-3", 1, rollback=True)
    stage.catalogue(back)
    stage.verify(back)
    stage.publish(back)
    stage.report(back)
    stage.succeed("run-4", 3)
    assert (stage.shown[0], generation(stage, DAY_3)) == (DAY_3, 1)


def test_changes_open_generations_of_their_own(stage: Stage) -> None:
    """Their table has other columns, so a type that whole snapshots had says nothing about it."""
    stage.succeed("run-1", 1)
    plan = stage.begin("run-2", 2, follows=DAY_1)
    stage.commit(plan, columns=(column("Stars", "number_text"),))
    assert stage.catalogue(plan) == (f"count {DAY_2} in generation 1, shown as 1/{DAY_1} changes-1/{DAY_2}")
    assert stage.lake.place(DAY_2) == f"changes-1/{DAY_2}"
    stage.verify(plan, rows_shown=4)
    stage.publish(plan)
    stage.report(plan)
    later = stage.begin("run-3", 3, follows=DAY_2)
    stage.commit(later)
    assert stage.catalogue(later).endswith(f"shown as 1/{DAY_1} changes-1/{DAY_2} changes-2/{DAY_3}")


def test_a_snapshot_is_compared_with_the_published_one_where_the_plan_says_so(stage: Stage) -> None:
    """By everything that one is made of."""
    stage.succeed("run-1", 1)
    stage.succeed("run-2", 2, follows=DAY_1, rows_shown=4)
    plan = stage.begin("run-3", 3, compared_with=DAY_2)
    stage.commit(plan)
    assert stage.catalogue(plan) == (
        f"count {DAY_3} in generation 1, compared with 1/{DAY_1} changes-1/{DAY_2}"
    )


def test_a_snapshot_to_compare_with_that_is_gone_stops_the_run(stage: Stage) -> None:
    """Nothing may be published that was to be checked and was not."""
    plan = stage.begin("run-1", 1, compared_with=DAY_3)
    stage.commit(plan)
    with pytest.raises(CatalogError, match=f"snapshot {DAY_3}, with which .* is not there any more"):
        stage.catalogue(plan)


def test_snapshots_that_were_never_verified_do_not_count(stage: Stage) -> None:
    """Nobody reads them."""
    plan = stage.begin("run-1", 1)
    stage.commit(plan)
    stage.catalogue(plan)
    stage.lock().fence_off(run="run-1")
    stage.lock().release(run="run-1")
    later = stage.begin("run-2", 2)
    stage.commit(later, columns=(column("Stars", "number_text"),))
    stage.catalogue(later)
    assert generation(stage, DAY_2) == 1


def test_a_table_that_a_failed_run_left_with_other_keys_is_passed_over(stage: Stage) -> None:
    """It is counted as a generation that has no snapshots."""
    stage.lake.foreign = {1, 2}
    plan = stage.begin("run-1", 1)
    stage.commit(plan)
    assert stage.catalogue(plan) == f"count {DAY_1} in generation 3"
    assert generation(stage, DAY_1) == 3


def test_cataloguing_again_keeps_the_generation(stage: Stage) -> None:
    """A step that is invoked twice, and a rollback, leave a snapshot where it was."""
    stage.succeed("run-1", 1)
    plan = stage.begin("run-2", 1, rollback=True)
    stage.snapshots().placed(DAY_1, 3, run="run-2", fence=stage.enter(plan).fence)
    assert stage.catalogue(plan) == stage.catalogue(plan) == f"count {DAY_1} in generation 3"


def test_the_generation_is_told_before_anything_is_registered(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever closes a run that was interrupted here knows where to look."""
    plan = stage.begin("run-1", 1)
    stage.commit(plan)
    told: list[int | None] = []
    monkeypatch.setattr(stage.lake, "register", lambda *_: told.append(generation(stage, DAY_1)))
    stage.catalogue(plan)
    assert told == [1]


def test_a_run_that_is_closed_while_it_registers_does_not_go_on(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The closing may have looked before the partition was there."""
    plan = stage.begin("run-1", 1)
    stage.commit(plan)
    monkeypatch.setattr(stage.lake, "register", lambda *_: stage.lock().fence_off(run="run-1"))
    with pytest.raises(LockLostError):
        stage.catalogue(plan)


def test_an_export_that_uses_a_crawler_needs_a_crawl_of_this_run(stage: Stage) -> None:
    """One that began before the run cannot have seen its files."""
    uses_crawler(stage)
    plan = stage.begin("run-1", 1)
    stage.commit(plan)
    stage.glue.crawlers[CRAWLER] = {"State": "READY"}
    with pytest.raises(CatalogError, match=f"crawler '{CRAWLER}' has not crawled since this run began"):
        stage.catalogue(plan)
    crawled(stage, NOON - timedelta(seconds=1))
    with pytest.raises(CatalogError, match="has not crawled since this run began"):
        stage.catalogue(plan)
    assert stage.lake.registered == {}
    crawled(stage, NOON)
    stage.catalogue(plan)
    assert list(stage.lake.registered) == [DAY_1]


@pytest.mark.parametrize(
    ("status", "last", "reason"),
    [
        ("FAILED", {"ErrorMessage": "no access"}, "ended FAILED: no access"),
        ("CANCELLED", {}, "ended CANCELLED: no reason given"),
    ],
)
def test_a_crawl_that_failed_stops_the_run(
    status: str, last: dict[str, str], reason: str, stage: Stage
) -> None:
    """In the crawler's own words where it has any."""
    uses_crawler(stage)
    plan = stage.begin("run-1", 1)
    stage.commit(plan)
    crawled(stage, NOON, status, **last)
    with pytest.raises(CatalogError, match=reason):
        stage.catalogue(plan)


def test_a_rollback_needs_no_crawl(stage: Stage) -> None:
    """Its snapshot was found long ago."""
    stage.succeed("run-1", 1)
    uses_crawler(stage)
    assert stage.catalogue(stage.begin("run-2", 1, rollback=True)) == f"count {DAY_1} in generation 1"
