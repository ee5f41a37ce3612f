"""A database that writes files itself takes some settings and not others."""

from typing import Any

import pytest

from lakeshot.config.export import Export
from lakeshot.config.exports import parse_config
from lakeshot.errors import ConfigError
from lakeshot.files import Compression, FileFormat
from lakeshot.files.delimited import Delimited
from tests.unit.config.test_connections import ARTICLES, SHOP

AWS_S3 = {"route": "aws_s3"}
KEY = "arn:aws:kms:eu-central-1:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab"


def document(source: dict[str, Any], **export: Any) -> dict[str, Any]:
    return {
        "connections": {"shop": {**SHOP, "cluster": "shop"}},
        "exports": {"articles": {"source": {**ARTICLES, **source}, **export}},
    }


def parsed(source: dict[str, Any], **export: Any) -> Export:
    return parse_config(document(source, **export)).exports["articles"]


def refused(given: dict[str, Any]) -> str:
    with pytest.raises(ConfigError) as caught:
        parse_config(given)
    return str(caught.value)


def delimited(export: Export) -> Delimited | None:
    assert export.source.type == "postgres"
    assert export.source.landing is not None
    return export.source.landing.delimited(export.format)


def test_text_is_what_a_database_writes_unless_it_is_told() -> None:
    """Uncompressed, with tabs, and catalogued directly; a query still makes parquet."""
    export = parsed(AWS_S3)
    assert (export.format, export.effective_compression) == (FileFormat.TEXT, Compression.NONE)
    assert export.effective_catalog == "direct"
    assert delimited(export) == Delimited(delimiter="\t")
    queried = parsed({})
    assert (queried.format, queried.effective_compression) == (FileFormat.PARQUET, Compression.SNAPPY)
    assert queried.source.type == "postgres"
    assert queried.source.landing is None


def test_csv_of_a_database_is_not_compressed() -> None:
    """Other than CSV that Lakeshot writes."""
    export = parsed({**AWS_S3, "aws_s3": {"delimiter": ";", "header": True, "kms_key": KEY}}, format="csv")
    assert export.effective_compression is Compression.NONE
    assert delimited(export) == Delimited(delimiter=";", header=True)
    assert parsed({}, format="csv").effective_compression is Compression.GZIP


def test_binary_files_have_no_lines() -> None:
    """Nor does any engine read them."""
    export = parsed(AWS_S3, format="binary")
    assert delimited(export) is None
    assert not export.format.is_readable


@pytest.mark.parametrize(
    ("name", "given"), [("compression", "none"), ("partition_by", []), ("types", {}), ("catalog", "direct")]
)
def test_what_is_so_anyway_may_be_said(name: str, given: object) -> None:
    """As ``make show`` prints it."""
    assert parsed(AWS_S3, **{name: given}).format is FileFormat.TEXT


@pytest.mark.parametrize(
    ("name", "given", "why"),
    [
        ("compression", "gzip", "compresses nothing"),
        ("partition_by", ["year"], "makes no folders"),
        ("types", {"id": "string"}, "gives each value as its own column has it"),
        ("target_file_mb", 256, "ends a file every 6 GB or where a part ends"),
        ("catalog", "crawler", "a crawler would guess what its columns are"),
    ],
)
def test_what_a_database_does_not_do_is_refused(name: str, given: object, why: str) -> None:
    """Rather than passed over."""
    assert (
        f"export 'articles': {name!r} does not go with route 'aws_s3', because the database writes the files "
        f"itself and {why}; remove it, or set route: query"
    ) in refused(document(AWS_S3, **{name: given}))


@pytest.mark.parametrize("file_format", ["parquet", "orc", "avro", "json"])
def test_a_database_writes_no_other_format(file_format: str) -> None:
    """Those it writes are told."""
    assert (
        f"format {file_format!r} does not go with route 'aws_s3', by which the database writes the files "
        "itself; allowed: binary, csv, text, or set route: query"
    ) in refused(document(AWS_S3, format=file_format))


@pytest.mark.parametrize("file_format", ["text", "binary"])
def test_nobody_else_writes_a_databases_formats(file_format: str) -> None:
    """Neither what is queried nor what is scanned."""
    told = (
        f"format {file_format!r} is what a database writes itself, by route 'aws_s3' of a source of type "
        "'postgres'; give another format, or set that route"
    )
    assert told in refused(document({}, format=file_format))
    reviews = {"source": {"type": "dynamodb", "table": "Reviews"}, "format": file_format}
    assert told in refused({"exports": {"reviews": reviews}})


@pytest.mark.parametrize("options", [{"delimiter": ","}, {"header": True}])
def test_binary_files_take_neither_delimiter_nor_header(options: dict[str, object]) -> None:
    """There are no lines to have them."""
    assert "'delimiter' and 'header' go with text and csv, not with format 'binary'; remove them" in refused(
        document({**AWS_S3, "aws_s3": options}, format="binary")
    )


@pytest.mark.parametrize("route", [{}, {"route": "query"}])
def test_options_of_a_route_that_is_not_taken_are_refused(route: dict[str, object]) -> None:
    """Somebody who gives them means to take it."""
    assert (
        "'aws_s3' says how the database writes files, but route is 'query'; remove it, or set route: aws_s3"
    ) in refused(document({**route, "aws_s3": {"header": True}}))


@pytest.mark.parametrize(
    ("option", "given", "allowed"),
    [
        ("delimiter", "\\", r'one of "\t" (a tab), "\x01" and , ; | ^ ~ # ! & @ *'),
        ("delimiter", "a", 'one of "\\t" (a tab)'),
        ("delimiter", "", 'one of "\\t" (a tab)'),
        ("delimiter", ",,", 'one of "\\t" (a tab)'),
        ("kms_key", "alias/lake", "the ARN of a KMS key, such as arn:aws:kms:"),
    ],
)
def test_an_option_that_would_not_do_is_refused(option: str, given: str, allowed: str) -> None:
    """A delimiter that values have would end their field; a key is named in full."""
    message = refused(document({**AWS_S3, "aws_s3": {option: given}}))
    assert f"field 'source.aws_s3.{option}': got {given!r}; allowed: {allowed}" in message


def test_routes_are_told() -> None:
    """A route of another database's is none of this one's."""
    assert "field 'source.route': got 'native'; allowed: 'query' or 'aws_s3'" in refused(
        document({"route": "native"})
    )
