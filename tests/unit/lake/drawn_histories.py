"""Histories at random: what happens where windows meet, and columns that change as they go on."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

from lakeshot.columns.types import BIGINT, DECIMAL, JSON, NUMBER_TEXT, ColumnType
from lakeshot.config.deployed import Deployed
from lakeshot.dynamodb.windows import OVERLAP, windows
from lakeshot.files.formats import ENCODERS
from tests.unit.lake.histories import BEGIN, History, Schema, Write, Written

GAPS = [timedelta(minutes=13), timedelta(hours=1), timedelta(hours=25), timedelta(hours=50)]
KEY_TYPES, VALUE_TYPES = (BIGINT, DECIMAL, NUMBER_TEXT), (BIGINT, DECIMAL, NUMBER_TEXT, JSON)
NEAR = st.one_of(
    st.sampled_from([timedelta(0), timedelta(microseconds=-1), OVERLAP, -OVERLAP, timedelta(minutes=-1)]),
    st.timedeltas(-2 * OVERLAP, 2 * OVERLAP),
)

KEY, VALUE = st.tuples(st.sampled_from([1, 2]), st.sampled_from(["a", "b"])), st.none() | st.integers(0, 9)
AGE = st.timedeltas(timedelta(seconds=1), 2 * OVERLAP) | st.sampled_from(GAPS)


@st.composite
def histories(draw: st.DrawFn) -> History:
    """Some snapshots, and writes near the bounds of their windows."""
    moments = [BEGIN]
    for gap in draw(st.lists(st.sampled_from(GAPS), min_size=1, max_size=3)):
        moments.append(moments[-1] + max(gap, timedelta(minutes=15) if len(moments) == 1 else gap))
    bounds = [BEGIN]
    for number in range(1, len(moments)):
        made = windows(moments[number - 1], moments[number], is_full=number == 1)
        bounds += [bound for window in made for bound in (window.begins, window.ends)]
    instants = st.builds(lambda bound, offset: bound + offset, st.sampled_from(bounds), NEAR)
    lives = draw(st.lists(st.tuples(instants, KEY, VALUE, st.none() | AGE), max_size=15))
    writes = [Write(at, key, value) for at, key, value, _ in lives]
    writes += [Write(at + age, key, deletes=True) for at, key, _, age in lives if age is not None]
    return History(writes, moments)


@st.composite
def written(draw: st.DrawFn, deployed: Deployed) -> tuple[History, Written, tuple[Schema, ...]]:
    """A history in a lake, in any format that Lakeshot writes; columns widen, and one comes as it goes on."""
    history = draw(histories())
    noted = draw(st.sampled_from(history.moments))
    writes = [replace(write, note="n") if write.at >= noted else write for write in history.writes]
    history = replace(history, writes=writes)
    count = len(history.moments)

    def growing(types: Sequence[ColumnType]) -> list[ColumnType]:
        return sorted(draw(st.lists(st.sampled_from(types), min_size=count, max_size=count)), key=types.index)

    schemas = tuple(
        Schema(key, value, has_note=moment > noted)
        for key, value, moment in zip(growing(KEY_TYPES), growing(VALUE_TYPES), history.moments, strict=True)
    )
    return history, Written(deployed, draw(st.sampled_from(list(ENCODERS)))), schemas


IN_A_FIXTURE = settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
"""The deployed export does not change."""
