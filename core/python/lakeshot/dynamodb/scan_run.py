"""A scan as one run of an export: what its plan means for parts, files and commit."""

import gc
from dataclasses import dataclass

import boto3

from lakeshot.columns.names import column_names
from lakeshot.columns.types import Column, ColumnType, Scalar
from lakeshot.commit.commit import Commit
from lakeshot.commit.part import PartResult
from lakeshot.dynamodb.raw_client import ScanClient, raw_client
from lakeshot.dynamodb.scan import ScanPart, read_part
from lakeshot.files.writer import Target
from lakeshot.rate.remote import Address, RemoteBudget
from lakeshot.runs.plan import Plan

_KEY_TYPES = {"S": Scalar.STRING, "N": Scalar.BIGINT, "B": Scalar.BINARY}


def scan_parts(plan: Plan) -> list[ScanPart]:
    """One part per segment."""
    return [
        ScanPart(
            table=plan.source.name,
            segment=segment,
            total_segments=plan.segments,
            consistent_read=plan.consistent_read,
        )
        for segment in range(plan.segments)
    ]


def scan_target(plan: Plan) -> Target:
    """Where the run's files go."""
    return Target(
        bucket=plan.deployed.bucket,
        prefix=plan.data_prefix,
        run=plan.run,
        format=plan.deployed.format,
        compression=plan.deployed.compression,
    )


def scan_commit(plan: Plan) -> Commit:
    """What the run commits once every segment has ended."""
    keys = plan.source.key_attributes
    names = column_names(keys)
    return Commit(
        export=plan.deployed.export,
        moment=plan.moment,
        snapshot=plan.snapshot,
        target=scan_target(plan),
        manifest_key=plan.manifest_key,
        parts=plan.segments,
        key_columns=tuple(
            Column(name=names[key], source=key, type=ColumnType(scalar=_KEY_TYPES[kind]))
            for key, kind in keys.items()
        ),
        expected_from=f"the sum of Count over all pages of {plan.segments} ended segments",
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
        # Pages are decoded into buffers without reference cycles; walking the heap again and again
        # for cycles costs up to three times the decoding (docs/decisions).
        gc.freeze()
        gc.disable()
        budget = RemoteBudget(self.budget_address, self.budget_key)
        try:
            return read_part(
                part,
                attempt=attempt,
                target=self.target,
                scan=ScanClient(raw_client(self.region)),
                s3=boto3.client("s3", region_name=self.region),
                budget=budget,
            )
        finally:
            budget.close()
            gc.enable()
