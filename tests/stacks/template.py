"""A synthesised template, read the way its claims are made."""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

TLS_ONLY = {"Bool": {"aws:SecureTransport": "false"}}
"""The condition of a statement that denies whatever does not come over TLS."""
PSEUDO = {"AWS::Partition": "aws", "AWS::Region": "us-east-1", "AWS::AccountId": "123456789012"}


class Template:
    """One stack's template."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.document: Mapping[str, Any] = json.loads(path.read_text())

    def of_type(self, kind: str) -> Sequence[Mapping[str, Any]]:
        """All resources of a CloudFormation type."""
        return [found for found in self.document["Resources"].values() if found["Type"] == kind]

    def only(self, kind: str, **properties: object) -> Any:
        """The properties of the one resource of a type that has these properties."""
        found = [
            resource["Properties"]
            for resource in self.of_type(kind)
            if all(self.text(resource["Properties"].get(key)) == value for key, value in properties.items())
        ]
        assert len(found) == 1, f"{len(found)} resources {kind} with {properties} in {self.path.name}"
        return found[0]

    def text(self, value: Any) -> Any:
        """A value as deployed in account 123456789012, us-east-1; what is unknown as ``<logical id>``."""
        match value:
            case {"Fn::Join": [separator, parts]}:
                return str(separator).join(self.text(part) for part in parts)
            case {"Fn::Sub": str(template)}:
                return re.sub(r"\$\{([^}]+)\}", lambda match: PSEUDO.get(match[1], f"<{match[1]}>"), template)
            case {"Fn::GetAtt": [logical_id, attribute]}:
                return f"<{logical_id}.{attribute}>"
            case {"Ref": name}:
                return PSEUDO.get(name, f"<{name}>")
        if isinstance(value, dict):
            return {key: self.text(part) for key, part in value.items()}
        return [self.text(part) for part in value] if isinstance(value, list) else value

    @cached_property
    def state_machine(self) -> Mapping[str, Any]:
        """The state machine's definition."""
        definition: Mapping[str, Any] = json.loads(
            self.text(self.only("AWS::StepFunctions::StateMachine")["DefinitionString"])
        )
        return definition

    def statements(self, role_name: str | None = None) -> Iterator[Mapping[str, Any]]:
        """The policy statements of all roles, or of one, with actions and resources as lists."""
        for policy in self.of_type("AWS::IAM::Policy"):
            roles = [self._role_name(role) for role in policy["Properties"]["Roles"]]
            if role_name is None or role_name in roles:
                for statement in self.text(policy["Properties"]["PolicyDocument"]["Statement"]):
                    yield {
                        **statement,
                        "Action": _list(statement["Action"]),
                        "Resource": _list(statement["Resource"]),
                    }

    def allowed(self, role_name: str) -> Mapping[str, frozenset[str]]:
        """What a role may do: resources by action."""
        allowed: dict[str, set[str]] = {}
        for statement in self.statements(role_name):
            for action in statement["Action"]:
                allowed.setdefault(action, set()).update(statement["Resource"])
        return {action: frozenset(resources) for action, resources in allowed.items()}

    def _role_name(self, role: str | Mapping[str, str]) -> str:
        """A role's name: of this stack's, or as another stack's is named."""
        if isinstance(role, str):
            return role
        return str(self.text(self.document["Resources"][role["Ref"]]["Properties"]["RoleName"]))


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]
