"""A DynamoDB client whose Scan gives the response's bytes instead of a dictionary of them.

Signing, retries and the reading of errors stay botocore's. Only the parsing of a successful Scan is
skipped, which costs it nine tenths of its time; all other operations are unchanged.
"""

import zlib
from collections.abc import Mapping
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

import boto3
import botocore.session
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError
from botocore.model import Shape
from botocore.parsers import ResponseParser, ResponseParserFactory

from lakeshot.dynamodb.attribute_values import AttributeValue
from lakeshot.errors import LakeshotError, SourceError, ThrottledError
from lakeshot.refusals import error_code, refusal

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.client import DynamoDBClient

_THROTTLED = frozenset(
    {"ProvisionedThroughputExceededException", "ThrottlingException", "RequestLimitExceeded"}
)
_CONFIG = Config(
    retries={"mode": "standard", "total_max_attempts": 4},
    connect_timeout=10,
    read_timeout=60,
    tcp_keepalive=True,
)


class _RawScanParser(ResponseParser):
    """Keeps a successful Scan as it is and leaves everything else to botocore's parser."""

    def __init__(self, parser: ResponseParser) -> None:
        super().__init__()
        self._parser = parser

    def parse(self, response: Mapping[str, Any], shape: Shape) -> dict[str, Any]:
        if response["status_code"] != HTTPStatus.OK or shape is None or shape.name != "ScanOutput":
            parsed: dict[str, Any] = self._parser.parse(response, shape)
            return parsed
        metadata = {"HTTPStatusCode": HTTPStatus.OK.value, "HTTPHeaders": response["headers"]}
        return {"Body": response["body"], "ResponseMetadata": metadata}


class _ParserFactory(ResponseParserFactory):
    def create_parser(self, protocol_name: str) -> ResponseParser:
        return _RawScanParser(super().create_parser(protocol_name))


def raw_client(region: str | None = None) -> "DynamoDBClient":
    """A DynamoDB client for ``ScanClient``; credentials and endpoint come from the environment."""
    session = botocore.session.Session()
    session.register_component("response_parser_factory", _ParserFactory())
    return boto3.Session(botocore_session=session, region_name=region).client("dynamodb", config=_CONFIG)


class ScanClient:
    """Pages of a table's scan as bytes, errors as Lakeshot's own."""

    def __init__(self, client: "DynamoDBClient") -> None:
        self._client = client

    def page(
        self,
        *,
        table: str,
        segment: int,
        total_segments: int,
        start_key: Mapping[str, AttributeValue] | None,
        limit: int,
        consistent: bool,
    ) -> bytes:
        """One page of at most ``limit`` items after ``start_key``, as DynamoDB sent it.

        Raises ThrottledError when the page was refused for now, SourceError and
        PermissionDeniedError when it never will be read.
        """
        start = {} if start_key is None else {"ExclusiveStartKey": start_key}
        try:
            answer: Mapping[str, Any] = self._client.scan(
                TableName=table,
                Segment=segment,
                TotalSegments=total_segments,
                Limit=limit,
                ConsistentRead=consistent,
                ReturnConsumedCapacity="TOTAL",
                **start,  # type: ignore[arg-type]  # the stubs type each keyword, not a mapping of them
            )
        except ClientError as error:
            raise _translated(error, table, self._client.meta.region_name) from error
        except BotoCoreError as error:
            raise SourceError(
                f"DynamoDB table {table!r} cannot be reached: {error}; run the export again"
            ) from error
        body: bytes = answer["Body"]
        sent = answer["ResponseMetadata"]["HTTPHeaders"].get("x-amz-crc32")
        if sent is not None and int(sent) != zlib.crc32(body):
            raise SourceError(
                f"a page of DynamoDB table {table!r} was damaged on its way; run the export again"
            )
        return body


def _translated(error: ClientError, table: str, region: str) -> LakeshotError | ClientError:
    code = error_code(error)
    if code == "ResourceNotFoundException":
        return SourceError(
            f"DynamoDB table {table!r} does not exist in {region}; it may have been deleted during the run. "
            "Check source.table in exports.yaml and start a new run"
        )
    if code in _THROTTLED:
        return ThrottledError(f"DynamoDB table {table!r} refuses reads for now: {error}")
    return refusal(error, "dynamodb:Scan", f"table/{table}") or error
