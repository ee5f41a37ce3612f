"""A scan as one run of an export: what its plan means for parts, files and commit."""

from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass

from lakeshot.columns.names import column_names
from lakeshot.columns.pins import held_to_pins
from lakeshot.columns.types import Column, ColumnType, Scalar
from lakeshot.commit.commit import Commit
from lakeshot.commit.part import PartResult
from lakeshot.dynamodb.scan import ScanPart, read_part
from lakeshot.dynamodb.worker_process import no_garbage_collection, s3_client, scan_client
from lakeshot.files.writer import Target
from lakeshot.rate.remote import Address, RemoteBudget
from lakeshot.runs.plan import Plan

_KEY_TYPES = {"S": Scalar.STRING, "N": Scalar.BIGINT, "B": Scalar.BINARY}


def scan_parts(plan: Plan) -> list[ScanPart]:
    """One part per segment."""
    scan = plan.scan
    return [
        ScanPart(
            table=scan.source.name,
            segment=segment,
            total_segments=scan.segments,
            consistent_read=scan.consistent_read,
        )
        for segment in range(scan.segments)
    ]


def scan_target(plan: Plan, known: Sequence[Column]) -> Target:
    """Where the run's files go, and the columns they start from: those of the plan's baseline, if any."""
    return Target(
        bucket=plan.deployed.bucket,
        prefix=plan.data_prefix,
        run=plan.run,
        format=plan.deployed.format,
        compression=plan.deployed.compression,
        nested=plan.deployed.nested,
        known_columns=tuple(known),
        first=tuple(plan.scan.source.key_attributes),
        pins=plan.deployed.types,
        file_bytes=plan.deployed.target_file_mb * 1024**2,
    )


def scan_commit(plan: Plan, known: Sequence[Column]) -> Commit:
    """What the run commits once every segment has ended.

    PinnedTypeError if a key attribute is pinned to a type that its values never have.
    """
    target, keys = scan_target(plan, known), plan.scan.source.key_attributes
    names = column_names(keys)
    key_columns = [
        Column(name=names[key], source=key, type=ColumnType(scalar=_KEY_TYPES[kind]))
        for key, kind in keys.items()
    ]
    return Commit(
        export=plan.deployed.export,
        moment=plan.moment,
        moment_from=plan.moment_from,
        snapshot=plan.snapshot,
        target=target,
        manifest_key=plan.manifest_key,
        baseline=plan.baseline.manifest if plan.baseline is not None else None,
        parts=plan.scan.segments,
        key_columns=held_to_pins(key_columns, target.pins),
        expected_from=f"the sum of Count over all pages of {plan.scan.segments} ended segments",
        started_at=plan.started_at,
    )


@dataclass(frozen=True)
class ScanWorker:
    """Reads segments in a worker process, within the budget that the driver serves."""

    target: Target
    region: str
    budget_address: Address
    budget_key: bytes

    def __call__(self, part: ScanPart, attempt: int) -> PartResult:
        """Read one segment; an attempt counts from 0."""
        scan, s3 = scan_client(self.region), s3_client(self.region)
        budget = RemoteBudget(self.budget_address, self.budget_key)
        with no_garbage_collection(), closing(budget):
            return read_part(part, attempt=attempt, target=self.target, scan=scan, s3=s3, budget=budget)
