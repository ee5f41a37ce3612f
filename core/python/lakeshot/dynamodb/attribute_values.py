"""DynamoDB's attribute values as its API writes them: ``{"S": "text"}``, one type tag and its value."""

AttributeValue = dict[str, str | bytes]
"""An attribute value of a key as boto3 takes it: ``S`` and ``N`` hold text, ``B`` bytes."""
