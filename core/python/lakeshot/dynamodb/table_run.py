"""What every run of a DynamoDB table has, however its rows leave the table: files, columns and commit."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar

from lakeshot.columns.changes import CHANGE_COLUMNS, row_columns
from lakeshot.columns.names import column_names
from lakeshot.columns.types import Column, ColumnType, Scalar
from lakeshot.commit.commit import Commit
from lakeshot.commit.part import PartResult
from lakeshot.driver.connection import Address
from lakeshot.files.target import Target
from lakeshot.rate.remote import RemoteBudget
from lakeshot.runs.committing import run_commit, run_target
from lakeshot.runs.plan import NativeReading, Plan

_KEY_TYPES = {"S": Scalar.STRING, "N": Scalar.BIGINT, "B": Scalar.BINARY}
PartT = TypeVar("PartT")
Item = TypeVar("Item")
Result = TypeVar("Result")


@dataclass(frozen=True)
class Driver:
    """How workers reach the driver of their run, which serves its budget and hears of their progress."""

    address: Address
    key: bytes

    def budget(self) -> RemoteBudget:
        """A connection to the driver, to be closed by whoever asked for it."""
        return RemoteBudget(self.address, self.key)


class Distribute(Protocol):
    """Calls a function with each item and the attempt at it, wherever that is; results in any order."""

    def __call__(self, function: Callable[[Item, int], Result], items: Sequence[Item]) -> list[Result]:
        """The results of all items."""


@dataclass(frozen=True)
class Work(Generic[PartT]):
    """What a run has to do: its parts, and what makes a worker that does one attempt at one of them.

    Workers are made from where files go, the region, and the driver. ``units_per_second`` is the budget of
    them all; ``expected_from`` says in words where the source's count comes from.
    """

    parts: Sequence[PartT]
    worker: Callable[[Target, str, Driver], Callable[[PartT, int], PartResult]]
    units_per_second: float
    expected_from: str

    def done(
        self, distribute: Distribute, *, target: Target, region: str, driver: Driver
    ) -> list[PartResult]:
        """The results of all parts."""
        return distribute(self.worker(target, region, driver), self.parts)


def table_target(plan: Plan, known: Sequence[Column]) -> Target:
    """Where the run's files go, and the columns they start from.

    ``known`` are those of the plan's baseline, if any. Changes have columns of their own before them, also
    where the baseline is whole, and nothing else has those, also where the baseline holds changes.
    """
    own = CHANGE_COLUMNS if plan.follows is not None else ()
    return run_target(plan, (*own, *row_columns(known)), first=tuple(plan.table.key_attributes))


def table_commit(plan: Plan, known: Sequence[Column], *, parts: int, expected_from: str) -> Commit:
    """What the run commits once every part has ended.

    PinnedTypeError if a key attribute is pinned to a type that its values never have.
    """
    keys = plan.table.key_attributes
    names = column_names(keys)
    return run_commit(
        plan,
        table_target(plan, known),
        parts=parts,
        expected_from=expected_from,
        moment=plan.data_moment,
        moment_from=plan.moment_from,
        of_one_instant=isinstance(plan.reading, NativeReading),
        keys=[
            Column(name=names[key], source=key, type=ColumnType(scalar=_KEY_TYPES[kind]))
            for key, kind in keys.items()
        ],
    )
