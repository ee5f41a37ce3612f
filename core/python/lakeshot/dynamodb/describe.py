"""What DescribeTable says of a source table, as the plan needs it."""

from typing import TYPE_CHECKING

from lakeshot.dynamodb.rate import Throughput
from lakeshot.errors import SourceError
from lakeshot.refusals import refusals_named
from lakeshot.runs.plan import SourceTable

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.client import DynamoDBClient
    from mypy_boto3_dynamodb.type_defs import TableDescriptionTypeDef


def describe_table(client: "DynamoDBClient", table: str) -> tuple[SourceTable, Throughput]:
    """The table and its read capacity; SourceError if it is missing or cannot be read now."""
    try:
        with refusals_named("dynamodb:DescribeTable", f"table/{table}"):
            found = client.describe_table(TableName=table)["Table"]
    except client.exceptions.ResourceNotFoundException as error:
        raise SourceError(
            f"DynamoDB table {table!r} does not exist in {client.meta.region_name}; "
            "check source.table and the region in exports.yaml, then deploy and run again"
        ) from error
    if found.get("TableStatus") not in ("ACTIVE", "UPDATING"):
        raise SourceError(
            f"DynamoDB table {table!r} is {found.get('TableStatus')}; run again when it is ACTIVE"
        )
    types = {
        attribute["AttributeName"]: attribute["AttributeType"] for attribute in found["AttributeDefinitions"]
    }
    throughput = _throughput(found)
    source = SourceTable(
        name=table,
        arn=found["TableArn"],
        item_count=found.get("ItemCount", 0),
        size_bytes=found.get("TableSizeBytes", 0),
        on_demand=throughput.mode == "on-demand",
        key_attributes={key["AttributeName"]: types[key["AttributeName"]] for key in found["KeySchema"]},
    )
    return source, throughput


def _throughput(found: "TableDescriptionTypeDef") -> Throughput:
    if found.get("BillingModeSummary", {}).get("BillingMode") != "PAY_PER_REQUEST":
        units = found.get("ProvisionedThroughput", {}).get("ReadCapacityUnits", 0)
        return Throughput(mode="provisioned", provisioned_units=units)
    maximum = found.get("OnDemandThroughput", {}).get("MaxReadRequestUnits", -1)
    return Throughput(
        mode="on-demand",
        maximum_units=maximum if maximum > 0 else None,
        warm_units=found.get("WarmThroughput", {}).get("ReadUnitsPerSecond") or None,
    )
