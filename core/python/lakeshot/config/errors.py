"""Validation errors told in the words of the file they were made in."""

from collections.abc import Iterator, Mapping, Sequence
from difflib import get_close_matches
from types import UnionType
from typing import get_args, get_origin

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from lakeshot.errors import ConfigError

_LONGEST_SHOWN = 80
_ALLOWED = {
    "bool_parsing": "true or false",
    "bool_type": "true or false",
    "dict_type": "a mapping",
    "enum": "{expected}",
    "float_parsing": "a number",
    "float_type": "a number",
    "greater_than": "more than {gt}",
    "greater_than_equal": "{ge} or more",
    "int_from_float": "a whole number",
    "int_parsing": "a whole number",
    "int_type": "a whole number",
    "less_than_equal": "{le} or less",
    "literal_error": "{expected}",
    "mapping_type": "a mapping",
    "model_attributes_type": "a mapping",
    "model_type": "a mapping",
    "string_too_long": "{max_length} characters or fewer",
    "string_too_short": "{min_length} or more characters",
    "string_type": "text",
    "too_long": "{max_length} entries or fewer",
    "too_short": "{min_length} or more entries",
    "tuple_type": "a list",
    "union_tag_invalid": "a 'type' of {expected_tags}",
    "union_tag_not_found": "a mapping with 'type'",
}
"""What pydantic's types of errors mean to somebody who writes YAML or JSON.

https://docs.pydantic.dev/latest/errors/validation_errors/
"""

_NAMED: Mapping[str | int, str] = {"exports": "export", "groups": "group", "connections": "connection"}
"""What the entries of a mapping by name are called."""


def config_error(error: ValidationError, origin: str, model: type[BaseModel]) -> ConfigError:
    """One ConfigError for all that is wrong: a line per field, each with what is allowed."""
    lines = _lines(error, model)
    return ConfigError("\n".join([f"{origin} cannot be used:", *(f"  {line}" for line in lines)]))


def field_errors(error: ValidationError, model: type[BaseModel]) -> str:
    """The same lines for a value that is not a file, such as a payload; joined by semicolons."""
    return "; ".join(_lines(error, model))


def _lines(error: ValidationError, model: type[BaseModel]) -> list[str]:
    details = error.errors(include_url=False)
    return sorted({_line(detail, model) for detail in details if not _follows(detail, details)})


def _follows(detail: ErrorDetails, details: Sequence[ErrorDetails]) -> bool:
    """Whether a list only counts as too short because some of its entries are wrong, as is told of them."""
    place = detail["loc"]
    within = (other["loc"] for other in details if len(other["loc"]) > len(place))
    return detail["type"] == "too_short" and any(other[: len(place)] == place for other in within)


def _line(detail: ErrorDetails, model: type[BaseModel]) -> str:
    path = [part for part in detail["loc"] if part != "[key]"]
    place = _place(_written(path, model))
    if detail["type"] == "extra_forbidden":
        return f"{place}: unknown key; {_known_keys(path, model)}"
    if detail["type"] == "missing":
        return f"{place}: missing; it has to be given"
    if detail["type"] == "value_error":
        return f"{place}: {detail['msg'].removeprefix('Value error, ')}"
    words = _ALLOWED.get(detail["type"])
    told = detail["msg"] if words is None else f"allowed: {words.format(**detail.get('ctx', {}))}"
    return f"{place}: got {shown(detail['input'])}; {told}"


def _written(path: Sequence[str | int], model: type[BaseModel]) -> list[str | int]:
    """The path as it is written, without what pydantic adds where a mapping's ``type`` chose its model."""
    return [part for number, part in enumerate(path) if _chosen(_at(path[:number], model), part) is None]


def _place(path: Sequence[str | int]) -> str:
    if path and path[0] in _NAMED and len(path) > 1:
        field = ".".join(str(part) for part in path[2:])
        return f"{_NAMED[path[0]]} {str(path[1])!r}" + (f", field {field!r}" if field else "")
    return f"field {'.'.join(str(part) for part in path)!r}" if path else "the document"


def shown(value: object) -> str:
    """A value as it was given, cut short if it is long."""
    text = repr(value)
    return text if len(text) <= _LONGEST_SHOWN else f"{text[: _LONGEST_SHOWN - 3]}..."


def _known_keys(path: Sequence[str | int], model: type[BaseModel]) -> str:
    known = sorted(_fields_at(path[:-1], model))
    close = get_close_matches(str(path[-1]), known, n=1)
    hint = f"did you mean {close[0]!r}? " if close else ""
    return f"{hint}allowed: {', '.join(known)}"


def _fields_at(path: Sequence[str | int], model: type[BaseModel]) -> frozenset[str]:
    """Names of the fields where ``path`` leads, as they are written."""
    fields = (field for found in _models(_at(path, model)) for field in found.model_fields.items())
    return frozenset(field.alias or name for name, field in fields)


def _at(path: Sequence[str | int], model: type[BaseModel]) -> object:
    """The type where ``path`` leads, seen through mappings, lists and optional values."""
    here: object = model
    for part in path:
        models = list(_models(here))
        if (chosen := _chosen(here, part)) is not None:
            here = chosen
        elif models and str(part) in models[0].model_fields:
            here = models[0].model_fields[str(part)].annotation
        else:
            inside = [argument for argument in get_args(here) if argument is not Ellipsis]
            here = inside[-1] if inside else here
    return here


def _chosen(here: object, part: str | int) -> type[BaseModel] | None:
    """Of several models that a mapping may be, the one whose ``type`` is ``part``."""
    models = list(_models(here))
    if len(models) < 2:  # noqa: PLR2004 - nothing to choose from
        return None
    of_type = (model for model in models if "type" in model.model_fields)
    return next((model for model in of_type if part in get_args(model.model_fields["type"].annotation)), None)


def _models(annotation: object) -> Iterator[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    elif isinstance(annotation, UnionType) or get_origin(annotation) is not None:
        arguments = get_args(annotation)
        origin = get_origin(annotation)
        inside = arguments[-1:] if isinstance(origin, type) and issubclass(origin, Mapping) else arguments
        for argument in inside:
            yield from _models(argument)
