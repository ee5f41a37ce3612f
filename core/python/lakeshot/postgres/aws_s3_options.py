"""What may be said of files that the database itself writes to S3."""

from typing import Annotated

from pydantic import AfterValidator, Field, WithJsonSchema

from lakeshot.config.allowed import allowed
from lakeshot.files import FileFormat
from lakeshot.files.delimited import DELIMITERS, Delimited
from lakeshot.model import Setting

ALLOWED_DELIMITERS = "\t,;|^~#!&@*\x01"
"""Characters that neither numbers, dates nor base64 have, nor what stands for others in texts."""


def _may_delimit(character: str) -> str:
    if len(character) != 1 or character not in ALLOWED_DELIMITERS:
        raise ValueError(character)
    return character


Delimiter = Annotated[
    str,
    AfterValidator(_may_delimit),
    WithJsonSchema({"enum": list(ALLOWED_DELIMITERS)}),
    allowed(r'one of "\t" (a tab), "\x01" and , ; | ^ ~ # ! & @ *'),
]


class AwsS3Options(Setting):
    """How the database writes files by its extension ``aws_s3``."""

    delimiter: Delimiter | None = None
    """What keeps fields apart; by default a tab in text, a comma in csv."""
    header: bool = False
    """Whether the first line of each file holds the columns' names; for text and csv."""
    kms_key: (
        Annotated[
            str,
            Field(pattern=r"^arn:[a-z-]+:kms:[a-z0-9-]+:[0-9]{12}:key/[A-Za-z0-9-]+$"),
            allowed("the ARN of a KMS key, such as arn:aws:kms:eu-central-1:123456789012:key/1234abcd-…"),
        ]
        | None
    ) = None
    """KMS key to encrypt the files with, instead of the bucket's own encryption."""

    def delimited(self, file_format: FileFormat) -> Delimited | None:
        """How lines are made up in files of the format; None if it has none."""
        if file_format not in DELIMITERS:
            return None
        return Delimited(delimiter=self.delimiter or DELIMITERS[file_format], header=self.header)
