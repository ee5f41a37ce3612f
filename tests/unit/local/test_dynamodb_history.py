"""The history of a table's items against a plain replay of every write."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from local.dynamodb.exports.history import History
from local.hooks import JsonObject

Item = JsonObject
Step = tuple[int, str, int | None]
"""Microseconds since the step before (negative: a mistake), the key, and its new value (None: deleted)."""

FIRST = {"a": 0, "b": 0}
steps = st.lists(
    st.tuples(st.integers(-2, 3), st.sampled_from("abcd"), st.one_of(st.none(), st.integers(1, 3))),
    max_size=30,
)
instants = st.integers(0, 60)


def item(key: str, value: int) -> Item:
    return {"pk": {"S": key}, "n": {"N": str(value)}}


def written(script: list[Step]) -> tuple[History, list[tuple[int, dict[str, int]]]]:
    """Write a script into a history, and replay it: each write's time and the values after it."""
    values: dict[str, int] = dict(FIRST)
    history = History(((key, ""), item(key, value)) for key, value in values.items())
    states = [(-1, dict(values))]
    now = 0
    for wait, key, value in script:
        now += wait
        before = values.get(key)
        if value is None:
            if before is None:
                continue  # deleting nothing is no write
            del values[key]
        else:
            values[key] = value
        history.record(
            now,
            (key, ""),
            None if before is None else item(key, before),
            None if value is None else item(key, value),
        )
        at = max(now, states[-1][0] + 1, 1)  # no two writes are at one time
        states.append((at, dict(values)))
    return history, states


def state_before(states: list[tuple[int, dict[str, int]]], instant: int) -> dict[str, int]:
    return [state for at, state in states if at < instant or at == -1][-1]


def found(items: list[Item]) -> dict[str, int]:
    values: dict[str, Any] = {}
    for got in items:
        values[got["pk"]["S"]] = int(got["n"]["N"])  # type: ignore[index]
    return values


@given(steps, instants)
def test_any_state_is_rebuilt(script: list[Step], instant: int) -> None:
    """What was written before the instant holds, in any order and number."""
    history, states = written(script)
    assert found(history.items_at(instant)) == state_before(states, instant)


@given(steps, instants, instants)
def test_changes_lead_from_one_state_to_the_next(script: list[Step], one: int, other: int) -> None:
    """Each key that was written appears once, with the item at both ends; what came and went does not."""
    history, states = written(script)
    since, until = sorted((one, other))
    before, after = state_before(states, since), state_before(states, until)
    changes = {str(write.place[0]): write for write in history.changes(since, until)}
    assert len(changes) == len(history.changes(since, until))
    for key, write in changes.items():
        assert write.before == (item(key, before[key]) if key in before else None)
        assert write.after == (item(key, after[key]) if key in after else None)
        assert write.before is not None or write.after is not None
        assert since <= write.written_at < until
    untouched = (before.keys() | after.keys()) - changes.keys()
    assert {key: before.get(key) for key in untouched} == {key: after.get(key) for key in untouched}


@given(steps, instants, instants)
def test_forgetting_keeps_what_came_later(script: list[Step], one: int, other: int) -> None:
    """States and changes from the new start on stay as they were."""
    history, states = written(script)
    start, later = sorted((one, other))
    changes = history.changes(start, later)
    history.forget_before(start)
    assert found(history.items_at(later)) == state_before(states, later)
    assert history.changes(start, later) == changes
    assert history.changes(0, start) == []
