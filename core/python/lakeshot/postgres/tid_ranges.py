"""Cuts heaps by their pages: each page is read once, in its order, whatever keys and statistics there are.

Pages are counted after the snapshot was taken, so that all rows it shows lie on them; the last range has no
end all the same.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from lakeshot.lake.sql import identifier, qualified
from lakeshot.postgres.part_sizes import count_of, page_bounds
from lakeshot.postgres.table_facts import Leaf, TableFacts

MOST_NAMES = 5_000
"""Column names in one statement that reads many small leaves."""


@dataclass(frozen=True)
class Slice:
    """What a part will read, before it has a number."""

    relation: str
    conditions: tuple[str, ...]
    bytes: int


def relation_named(schema: str, table: str) -> str:
    """A whole table as what stands after FROM, under its own name."""
    return f"{qualified(schema, table)} AS {identifier(table)}"


def leaf_relation(facts: TableFacts, leaf: Leaf) -> str:
    """One leaf as what stands after FROM, under the table's name, which conditions may use."""
    return f"ONLY {qualified(leaf.schema_name, leaf.name)} AS {identifier(facts.name)}"


def page_ranges(relation: str, leaves: tuple[Leaf, ...], wanted: int) -> list[Slice]:
    """Slices of about the wanted bytes of the leaves, which the relation reads together."""
    total = sum(leaf.bytes for leaf in leaves)
    bounds = page_bounds(leaves, count_of(total, wanted)) if leaves else []
    size = total // (len(bounds) + 1)
    return [Slice(relation, condition, size) for condition in tid_conditions(bounds)]


def tid_conditions(bounds: Sequence[int]) -> list[tuple[str, ...]]:
    """Conditions by which each row is in exactly one range; the first and the last are open."""
    starts = [f"ctid >= '({page},0)'::pg_catalog.tid" for page in bounds]
    ends = [f"ctid < '({page},0)'::pg_catalog.tid" for page in bounds]
    return [
        tuple(condition for condition in (start, end) if condition)
        for start, end in zip(["", *starts], [*ends, ""], strict=True)
    ]


def small_leaves(facts: TableFacts, leaves: Sequence[Leaf], wanted: int, where: Sequence[str]) -> list[Slice]:
    """Slices of whole leaves, as many in each as come to about the wanted bytes.

    The conditions ``where`` are within each slice's relation and not to be added again.
    """
    most = max(1, MOST_NAMES // len(facts.columns)) if facts.columns else 1
    groups: list[list[Leaf]] = []
    for leaf in leaves:
        if groups and len(groups[-1]) < most and sum(other.bytes for other in groups[-1]) < wanted:
            groups[-1].append(leaf)
        else:
            groups.append([leaf])
    return [_together(facts, group, where) for group in groups]


def _together(facts: TableFacts, group: Sequence[Leaf], where: Sequence[str]) -> Slice:
    if len(group) == 1:
        return Slice(leaf_relation(facts, group[0]), tuple(where), group[0].bytes)
    names = ", ".join(identifier(column.name) for column in facts.columns)
    fulfil = "".join(f" WHERE ({condition}\n)" for condition in where)
    selects = [f"SELECT {names} FROM {leaf_relation(facts, leaf)}{fulfil}" for leaf in group]  # noqa: S608
    relation = f"({' UNION ALL '.join(selects)}) AS {identifier(facts.name)}"
    return Slice(relation, (), sum(leaf.bytes for leaf in group))
