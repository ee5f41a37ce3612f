"""A scan as one run of an export: what its plan means for parts, files and commit."""

import gc
import os
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

import boto3

from lakeshot.columns.names import column_names
from lakeshot.columns.pins import held_to_pins
from lakeshot.columns.types import Column, ColumnType, Scalar
from lakeshot.commit.commit import Commit
from lakeshot.commit.part import PartResult
from lakeshot.dynamodb.raw_client import ScanClient, raw_client
from lakeshot.dynamodb.scan import ScanPart, read_part
from lakeshot.files.writer import Target
from lakeshot.rate.remote import Address, RemoteBudget
from lakeshot.runs.plan import Plan

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

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
        known_columns=tuple(known),
        pins=plan.deployed.types,
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


@cache
def worker_clients(region: str) -> tuple[ScanClient, "S3Client"]:
    """The clients of a worker process, made once: they take longer to make than a small part to read."""
    return ScanClient(raw_client(region)), boto3.client("s3", region_name=region)


os.register_at_fork(after_in_child=worker_clients.cache_clear)  # connections are not for sharing


@cache
def freeze_what_stays() -> None:
    """Put everything that is alive out of the garbage collector's sight, once in a process.

    Spark has it collect after every task. Worth calling after a first part: some modules, such as pandas
    by Arrow, are only imported by reading one.
    """
    gc.collect()
    gc.freeze()


@dataclass(frozen=True)
class ScanWorker:
    """Reads segments in a worker process, within the budget that the driver serves."""

    target: Target
    region: str
    budget_address: Address
    budget_key: bytes

    def __call__(self, part: ScanPart, attempt: int) -> PartResult:
        """Read one segment; an attempt counts from 0."""
        scan, s3 = worker_clients(self.region)
        budget = RemoteBudget(self.budget_address, self.budget_key)
        # Pages are decoded into buffers without reference cycles; walking the heap again and again
        # for cycles costs up to three times the decoding.
        gc.disable()
        try:
            return read_part(part, attempt=attempt, target=self.target, scan=scan, s3=s3, budget=budget)
        finally:
            budget.close()
            freeze_what_stays()
            gc.enable()
