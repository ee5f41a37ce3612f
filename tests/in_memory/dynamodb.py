"""A table of DynamoDB in memory: the operations and expressions that Lakeshot uses, and no others."""
# ruff: noqa: N803  # arguments are named as boto3 names them

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cache
from typing import Any

from tests.in_memory.errors import EXCEPTIONS, fail
from tests.in_memory.service import Service

Item = dict[str, Any]
Truth = Callable[[Mapping[str, Any], Mapping[str, str], Mapping[str, Any]], bool]
_TOKEN = re.compile(r"\s*(<>|<=|=|\(|\)|,|\+|[#:]?\w+)")


class DynamoDBInMemory(Service):
    """One table with ``pk`` and ``sk``; everything is strongly consistent.

    Raises ValidationException for what DynamoDB would not accept: a name or value that is not used or
    not defined, or two entries of one transaction for the same item.
    """

    def __init__(self) -> None:
        self.items: dict[tuple[str, str], Item] = {}
        self.sources: dict[str, Item] = {}

    @staticmethod
    def brief(given: Mapping[str, Any]) -> str:
        if "TransactItems" in given:
            return "; ".join(
                f"{kind} {_name(entry)}" for one in given["TransactItems"] for kind, entry in one.items()
            )
        if "KeyConditionExpression" in given:
            return str(sorted(value["S"] for value in given["ExpressionAttributeValues"].values()))
        return _name(given) if "Key" in given or "Item" in given else str(given.get("TableName"))

    def describe_table(self, *, TableName: str) -> Item:
        if TableName not in self.sources:
            fail("ResourceNotFoundException")
        return {"Table": self.sources[TableName]}

    def describe_continuous_backups(self, *, TableName: str) -> Item:
        """No table has point-in-time recovery."""
        assert TableName in self.sources
        return {"ContinuousBackupsDescription": {"ContinuousBackupsStatus": "ENABLED"}}

    def get_item(self, *, TableName: str, Key: Item, ConsistentRead: bool = False) -> Item:
        assert ConsistentRead, "an eventually consistent read may see anything"
        item = self.items.get(_key(Key))
        return {} if item is None else {"Item": dict(item)}

    def put_item(self, **given: Any) -> Item:
        self._checked("put", given)()
        return {}

    def update_item(self, **given: Any) -> Item:
        self._checked("update", given)()
        return {}

    def delete_item(self, **given: Any) -> Item:
        self._checked("delete", given)()
        return {}

    def transact_write_items(self, *, TransactItems: Sequence[Item]) -> Item:
        entries = [(kind, entry) for one in TransactItems for kind, entry in one.items()]
        keys = [_key(entry.get("Key") or entry["Item"]) for _, entry in entries]
        if len(set(keys)) != len(keys):
            fail("ValidationException", "Transaction request cannot include multiple operations on one item")
        writes, reasons = [], []
        for kind, entry in entries:
            try:
                writes.append(self._checked(kind.lower(), entry))
                reasons.append({"Code": "None"})
            except EXCEPTIONS.ConditionalCheckFailedException:
                reasons.append({"Code": "ConditionalCheckFailed"})
        if len(writes) < len(entries):
            fail("TransactionCanceledException", str(reasons), CancellationReasons=reasons)
        for write in writes:
            write()
        return {}

    def query(
        self,
        *,
        TableName: str,
        KeyConditionExpression: str,
        ExpressionAttributeValues: Mapping[str, Item],
        ConsistentRead: bool = False,
        ScanIndexForward: bool = True,
    ) -> Item:
        assert ConsistentRead
        match = re.fullmatch(r"pk = (:\w+) AND begins_with\(sk, (:\w+)\)", KeyConditionExpression)
        assert match is not None, KeyConditionExpression
        pk, beginning = (ExpressionAttributeValues[name]["S"] for name in match.groups())
        keys = sorted(key for key in self.items if key[0] == pk and key[1].startswith(beginning))
        return {"Items": [dict(self.items[key]) for key in (keys if ScanIndexForward else reversed(keys))]}

    def _checked(self, kind: str, given: Item) -> Callable[[], None]:
        """The write, if its condition holds now."""
        key = _key(given.get("Key") or given["Item"])
        names = given.get("ExpressionAttributeNames", {})
        values = given.get("ExpressionAttributeValues", {})
        condition, update = given.get("ConditionExpression", ""), given.get("UpdateExpression", "")
        _check_used(f"{condition} {update}", names, values)
        before = self.items.get(key, {})
        if condition and not _condition(condition)(before, names, values):
            fail("ConditionalCheckFailedException", "The conditional request failed")
        if kind == "conditioncheck":
            return lambda: None
        if kind == "delete":
            return lambda: self._delete(key)
        after = (
            dict(given["Item"]) if kind == "put" else _updated(given["Key"], before, update, names, values)
        )

        def write() -> None:
            self.items[key] = after

        return write

    def _delete(self, key: tuple[str, str]) -> None:
        self.items.pop(key, None)


def _key(item: Item) -> tuple[str, str]:
    return item["pk"]["S"], item["sk"]["S"]


def _name(given: Mapping[str, Any]) -> str:
    key = given.get("Key") or given["Item"]
    return f"{key['pk']['S']}/{key['sk']['S']}"


def _check_used(text: str, names: Mapping[str, str], values: Mapping[str, Any]) -> None:
    if set(re.findall(r"[#:]\w+", text)) != names.keys() | values.keys():
        fail("ValidationException", f"names and values defined and used differ in {text!r}")


@cache
def _condition(text: str) -> Truth:
    tokens = _TOKEN.findall(text)
    assert "".join(tokens) == "".join(text.split()), text
    truth = _any(tokens)
    assert not tokens, (text, tokens)
    return truth


def _any(tokens: list[str]) -> Truth:
    parts = [_all(tokens)]
    while tokens and tokens[0] == "OR":
        tokens.pop(0)
        parts.append(_all(tokens))
    return lambda *given: any(part(*given) for part in parts)


def _all(tokens: list[str]) -> Truth:
    parts = [_one(tokens)]
    while tokens and tokens[0] == "AND":
        tokens.pop(0)
        parts.append(_one(tokens))
    return lambda *given: all(part(*given) for part in parts)


def _one(tokens: list[str]) -> Truth:
    first = tokens.pop(0)
    if first == "(":
        inner = _any(tokens)
        assert tokens.pop(0) == ")"
        return inner
    if first in ("attribute_exists", "attribute_not_exists"):
        assert tokens.pop(0) == "("
        name = tokens.pop(0)
        assert tokens.pop(0) == ")"
        wanted = first == "attribute_exists"
        return lambda item, names, values: (names.get(name, name) in item) is wanted
    operator, value = tokens.pop(0), tokens.pop(0)
    assert operator in ("=", "<>", "<="), operator
    if operator == "<=":
        return lambda item, names, values: _at_most(item.get(names.get(first, first), {}), values[value])
    wanted = operator == "="
    # A missing attribute equals nothing, and so differs from everything.
    return lambda item, names, values: (item.get(names.get(first, first)) == values[value]) is wanted


def _at_most(value: Mapping[str, str], most: Mapping[str, str]) -> bool:
    """Values of different types are never in order, and a missing one has none."""
    if value.keys() != most.keys():
        return False
    return int(value["N"]) <= int(most["N"]) if "N" in most else value["S"] <= most["S"]


def _updated(key: Item, before: Item, text: str, names: Mapping[str, str], values: Mapping[str, Any]) -> Item:
    after = {**key, **before}
    for verb, clause in _clauses(text):
        for part in clause.split(","):
            if verb == "REMOVE":
                after.pop(_resolved(part.strip(), names), None)
                continue
            target, _, source = (piece.strip() for piece in part.partition("="))
            base, plus, amount = (piece.strip() for piece in source.partition("+"))
            if plus:
                if (name := _resolved(base, names)) not in before:
                    fail("ValidationException", f"{name} does not exist")
                total = int(before[name]["N"]) + int(values[amount]["N"])
                after[_resolved(target, names)] = {"N": str(total)}
            else:
                after[_resolved(target, names)] = values[base]
    return after


def _clauses(text: str) -> Iterator[tuple[str, str]]:
    pieces = re.split(r"\b(SET|REMOVE)\b", text)[1:]
    yield from zip(pieces[::2], pieces[1::2], strict=True)


def _resolved(name: str, names: Mapping[str, str]) -> str:
    return names.get(name, name)
