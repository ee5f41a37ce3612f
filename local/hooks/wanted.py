"""Whether what a thread does is still wanted: its execution runs, no sibling failed, its state has time."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar


class NoLongerWantedError(Exception):
    """A state's work was given up because its execution ended or a sibling failed; no state may catch it."""


_conditions: ContextVar[tuple[Callable[[], bool], ...]] = ContextVar("lakeshot_wanted_while", default=())


@contextmanager
def wanted_while(condition: Callable[[], bool]) -> Iterator[None]:
    """Let the block, and the threads that copy its context, go on only while ``condition`` holds too."""
    token = _conditions.set((*_conditions.get(), condition))
    try:
        yield
    finally:
        _conditions.reset(token)


def is_wanted() -> bool:
    """Whether the work of this thread is still wanted."""
    return all(condition() for condition in _conditions.get())


def check_wanted() -> None:
    """Raise NoLongerWantedError unless the work of this thread is still wanted."""
    if not is_wanted():
        raise NoLongerWantedError("the execution ended, a sibling failed or the state timed out")
