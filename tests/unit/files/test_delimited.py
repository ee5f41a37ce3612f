"""What keeps fields apart, as it is chosen and as it is by default."""

import pytest

from lakeshot.files import FileFormat
from lakeshot.files.delimited import COMMAS, Delimited
from lakeshot.postgres.aws_s3_options import AwsS3Options


@pytest.mark.parametrize(
    ("file_format", "options", "expected"),
    [
        (FileFormat.TEXT, AwsS3Options(), Delimited(delimiter="\t")),
        (FileFormat.CSV, AwsS3Options(), COMMAS),
        (
            FileFormat.CSV,
            AwsS3Options(delimiter="\t", header=True),
            Delimited(delimiter="\t", header=True),
        ),
        (FileFormat.BINARY, AwsS3Options(), None),
    ],
)
def test_each_format_has_its_own_delimiter_unless_one_is_chosen(
    file_format: FileFormat, options: AwsS3Options, expected: Delimited | None
) -> None:
    """Text has tabs, CSV commas, and what has no lines has neither."""
    assert options.delimited(file_format) == expected


def test_a_header_is_one_line() -> None:
    """Of every file, or of none."""
    assert Delimited(delimiter=",", header=True).header_lines == 1
    assert COMMAS.header_lines == 0
