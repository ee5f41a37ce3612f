"""What a group's view tells of each member."""

from lakeshot.lake.group_view_sql import GroupMember, group_select
from lakeshot.steps.publishing_group import group_view
from tests.unit.stage import DAY_1, Stage


def test_the_groups_view_tells_each_members_snapshot_and_where_it_is(stage: Stage) -> None:
    """In the members' order, in the generation that each of them was registered in."""
    plans = stage.begin_group("run-1", 1)
    for plan in plans:
        stage.commit(plan)
        stage.catalogue(plan)
    runs = [stage.enter(plan) for plan in plans]
    runs[1].snapshots.placed(DAY_1, 2, run="run-1", fence=runs[1].fence)
    made = group_view(runs, stage.view_of_group, fence=7)
    expected = [
        GroupMember(
            export=export,
            view=export,
            snapshot_timestamp=DAY_1,
            snapshots_table=table,
            row_count=2,
            moment=plans[0].moment,
            moment_from="the run's start",
        )
        for export, table in (("reviews", "snapshots_reviews"), ("orders", "snapshots_orders__2"))
    ]
    assert (made.fence, made.select) == (7, group_select(expected))
