"""KMS keys by which a database encrypts the files it writes, and who uses them through S3."""

from collections.abc import Sequence

from stacks.constructs.arns import Arns
from stacks.constructs.role import ServiceRole

READ = ("kms:Decrypt",)
WRITE = ("kms:Decrypt", "kms:GenerateDataKey")
"""Several parts make a file, for which S3 decrypts the data key again."""


def use_file_keys(role: ServiceRole, keys: Sequence[str], actions: Sequence[str], arns: Arns) -> None:
    """Let a role use these keys for what it does in S3, and for nothing else."""
    if keys:
        service = f"s3.{arns.stack.region}.amazonaws.com"
        role.allow(*actions, on=keys, when={"StringEquals": {"kms:ViaService": service}})
