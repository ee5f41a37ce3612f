"""Reading ``exports.yaml``: YAML in, typed config out, for synth and for the commands alike."""

from collections.abc import Hashable
from pathlib import Path
from typing import Any

import yaml

from lakeshot.config.exports import Config, parse_config
from lakeshot.errors import ConfigError


def load(path: Path) -> Config:
    """The config that a file holds.

    Raises ConfigError if the file is missing, is not YAML (with the line), repeats a key, or holds
    something that cannot be deployed.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(
            f"{path}: cannot be read ({error}); give the path of a readable file with CONFIG=path, or create "
            "it from the sample exports.yaml"
        ) from error
    try:
        document = yaml.load(text, Loader=_UniqueKeyLoader)  # noqa: S506 (a subclass of the safe loader)
    except yaml.MarkedYAMLError as error:
        raise ConfigError(f"{path}{_line(error)}: {_problem(error)}") from error
    except yaml.YAMLError as error:
        raise ConfigError(f"{path}: not YAML: {error}") from error
    return parse_config(document, origin=str(path))


class _UniqueKeyLoader(yaml.SafeLoader):
    """YAML lets a later key silently win over an equal earlier one; here it is an error."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:
        seen: dict[object, yaml.Mark] = {}
        for key_node, _ in node.value:
            key = key_node.value
            if isinstance(key_node, yaml.ScalarNode) and key != "<<" and key in seen:
                raise yaml.constructor.ConstructorError(
                    problem=f"the key {key!r} is given twice, first on line {seen[key].line + 1}; remove one",
                    problem_mark=key_node.start_mark,
                )
            if isinstance(key_node, yaml.ScalarNode):
                seen[key] = key_node.start_mark
        return super().construct_mapping(node, deep=deep)


def _line(error: yaml.MarkedYAMLError) -> str:
    mark = error.problem_mark or error.context_mark
    return f", line {mark.line + 1}" if mark else ""


def _problem(error: yaml.MarkedYAMLError) -> str:
    if isinstance(error, yaml.constructor.ConstructorError):
        return str(error.problem)
    return f"not YAML: {' '.join(part for part in (error.context, error.problem) if part)}"
