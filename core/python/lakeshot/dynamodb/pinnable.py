"""The types that values in DynamoDB can have, and that an attribute may therefore be pinned to."""

from lakeshot.columns.types import BIGINT, BINARY, BOOLEAN, DECIMAL, JSON, NUMBER_TEXT, STRING, array_of

DYNAMODB_TYPES = (
    BIGINT,
    DECIMAL,
    NUMBER_TEXT,
    STRING,
    BOOLEAN,
    BINARY,
    JSON,
    *(array_of(element) for element in (BIGINT, DECIMAL, NUMBER_TEXT, STRING, BINARY)),
)
