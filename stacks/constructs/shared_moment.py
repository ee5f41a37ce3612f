"""What the jobs of exports need that read one moment of one database: to see which moment the others hold."""

from collections.abc import Sequence

from lakeshot.names import ExportNames, moment_key
from stacks.constructs.arns import Arns
from stacks.constructs.role import ServiceRole


def see_moments(role: ServiceRole, exports: Sequence[str], arns: Arns) -> None:
    """Let a job read the moments of others, and find out whether they are there yet."""
    keys = [moment_key(ExportNames(arns.names.stage, export), "*") for export in exports]
    if keys:
        role.allow(
            "s3:GetObject",
            on=[f"{arns.bucket}/{key}" for key in keys],
            reason="Run files lie below the run's id, which is new for every run.",
        )
        role.allow("s3:ListBucket", on=[arns.bucket], when={"StringLike": {"s3:prefix": keys}})
