"""The ``aws_s3`` extension of Aurora and RDS: the database itself writes a query's rows to S3."""

from local.postgres.aws_s3.offer import allow, associate, dissociate, offer

__all__ = ["allow", "associate", "dissociate", "offer"]
