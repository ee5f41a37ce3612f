"""The roles of a deployed stage, permission by permission."""

import json
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

Statement = Mapping[str, Any]


@dataclass(frozen=True, order=True)
class Permission:
    """One action on one resource; ``condition`` is the statement's, as JSON."""

    action: str
    resource: str
    condition: str = ""

    def __str__(self) -> str:
        return f"{self.action} on {self.resource}" + (f" when {self.condition}" if self.condition else "")


@dataclass(frozen=True)
class Role:
    """A role with its inline policies as they were deployed."""

    iam: Any
    name: str
    policies: Mapping[str, Sequence[Statement]]

    @classmethod
    def deployed(cls, iam: Any, name: str) -> "Role":
        """The role as it is now. All it may do has to stand in inline policies."""
        attached = iam.list_attached_role_policies(RoleName=name)["AttachedPolicies"]
        assert not attached, (
            f"{name} has managed policies, whose permissions cannot be taken one by one: {attached}"
        )
        policies = {
            policy: iam.get_role_policy(RoleName=name, PolicyName=policy)["PolicyDocument"]["Statement"]
            for policy in iam.list_role_policies(RoleName=name)["PolicyNames"]
        }
        return cls(iam, name, policies)

    @property
    def permissions(self) -> list[Permission]:
        """Everything the role may do, each once."""
        found = {one for policy in self.policies.values() for each in policy for one in _permissions(each)}
        return sorted(found)

    @contextmanager
    def without(self, gone: Collection[Permission]) -> Iterator[None]:
        """Really take permissions from the role: a Deny would hide what is allowed twice."""
        for name, statements in self.policies.items():
            left = [one for statement in statements for one in _remainder(statement, gone)]
            if left:
                self._put(name, left)
            else:
                self.iam.delete_role_policy(RoleName=self.name, PolicyName=name)
        try:
            yield
        finally:
            for name, statements in self.policies.items():
                self._put(name, statements)

    def _put(self, policy: str, statements: Sequence[Statement]) -> None:
        document = json.dumps({"Version": "2012-10-17", "Statement": statements})
        self.iam.put_role_policy(RoleName=self.name, PolicyName=policy, PolicyDocument=document)


def _permissions(statement: Statement) -> Iterator[Permission]:
    assert statement["Effect"] == "Allow", f"only what is allowed can be taken away: {statement}"
    condition = json.dumps(statement["Condition"], sort_keys=True) if "Condition" in statement else ""
    for action in _listed(statement["Action"]):
        for resource in _listed(statement["Resource"]):
            yield Permission(action, resource, condition)


def _remainder(statement: Statement, gone: Collection[Permission]) -> Iterator[Statement]:
    """What is left of a statement: its untouched actions, and each other on the resources it keeps."""
    touched: dict[str, list[str]] = {}
    for one in _permissions(statement):
        if one in gone:
            touched.setdefault(one.action, []).append(one.resource)
    kept = [action for action in _listed(statement["Action"]) if action not in touched]
    if kept:
        yield {**statement, "Action": kept}
    for action, without in touched.items():
        resources = [one for one in _listed(statement["Resource"]) if one not in without]
        if resources:
            yield {**statement, "Action": action, "Resource": resources}


def _listed(value: str | Sequence[str]) -> Sequence[str]:
    return [value] if isinstance(value, str) else value
