"""DynamoDB's attribute values as its API writes them: ``{"S": "text"}``, one type tag and its value.

What a Scan page holds of them is parsed with an explicit schema, never a guessed one: a guess turns
dates in text into timestamps. The schema grows with the attributes met.
"""

import pyarrow as pa

AttributeValue = dict[str, str | bytes]
"""An attribute value of a key as boto3 takes it: ``S`` and ``N`` hold text, ``B`` bytes."""

NESTED_TAGS = ("M", "L")
_TAG_TYPES = {
    "S": pa.string(),
    "N": pa.string(),
    "B": pa.string(),
    "BOOL": pa.bool_(),
    "NULL": pa.bool_(),
    "SS": pa.list_(pa.string()),
    "NS": pa.list_(pa.string()),
    "BS": pa.list_(pa.string()),
} | dict.fromkeys(NESTED_TAGS, pa.int32())


class AttributeTags:
    """The attributes met so far, each with the type tags it was met with."""

    def __init__(self) -> None:
        self._tags: dict[str, dict[str, None]] = {}

    def learn(self, met: pa.StructType) -> bool:
        """Take in the attributes and tags of a parsed struct; whether any of them was new.

        ``ValueError`` for an attribute whose value carries no tag, or an unknown one.
        """
        is_new = False
        for field in met:
            if (
                not pa.types.is_struct(field.type)
                or not {tag.name for tag in field.type} <= _TAG_TYPES.keys()
            ):
                raise ValueError(
                    f"attribute {field.name!r} holds {field.type}; "
                    f"allowed are the tags {', '.join(_TAG_TYPES)}"
                )
            tags = self._tags.setdefault(field.name, {})
            for tag in field.type:
                is_new |= tag.name not in tags
                tags[tag.name] = None
        return is_new

    def struct(self) -> pa.StructType:
        """The type of all attributes met: a struct of structs, with ``M`` and ``L`` as numbers of texts."""
        return pa.struct(
            [
                (attribute, pa.struct([(tag, _TAG_TYPES[tag]) for tag in tags]))
                for attribute, tags in self._tags.items()
            ]
        )
