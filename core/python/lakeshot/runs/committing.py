"""What a run commits, and where its files go, as far as the plan settles it for every source."""

from collections.abc import Sequence
from datetime import datetime

from lakeshot.columns.pins import held_to_pins
from lakeshot.columns.types import Column
from lakeshot.commit.commit import Commit
from lakeshot.files.target import Target
from lakeshot.runs.plan import Plan


def run_target(plan: Plan, known: Sequence[Column], first: Sequence[str]) -> Target:
    """Where the run's files go; ``known`` are the columns they start from, ``first`` attributes that lead."""
    return Target(
        bucket=plan.deployed.bucket,
        prefix=plan.data_prefix,
        run=plan.run,
        format=plan.deployed.format,
        compression=plan.deployed.compression,
        delimited=plan.deployed.delimited,
        nested=plan.deployed.nested,
        known_columns=tuple(known),
        first=tuple(first),
        pins=plan.deployed.types,
        partition_by=plan.deployed.partition_by,
        file_bytes=plan.deployed.target_file_mb * 1024**2,
    )


def run_commit(
    plan: Plan,
    target: Target,
    *,
    parts: int,
    expected_from: str,
    moment: datetime,
    moment_from: str,
    of_one_instant: bool,
    keys: Sequence[Column],
    declared: Sequence[Column] = (),
) -> Commit:
    """What the run commits once every part has ended.

    ``moment`` is the instant that the rows stand for. ``keys`` tell rows apart, ``declared`` are all the
    columns of a source that says beforehand which it has. PinnedTypeError if one of these is pinned to a
    type that its values never have.
    """
    return Commit(
        export=plan.deployed.export,
        moment=moment,
        moment_from=moment_from,
        snapshot=plan.snapshot,
        target=target,
        manifest_key=plan.manifest_key,
        baseline=plan.baseline.manifest if plan.baseline is not None else None,
        follows=plan.follows,
        of_one_instant=of_one_instant,
        parts=parts,
        key_columns=held_to_pins(keys, target.pins),
        declared_columns=held_to_pins(declared, target.pins),
        expected_from=expected_from,
        started_at=plan.started_at,
    )
