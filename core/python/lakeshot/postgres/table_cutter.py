"""Cuts one table by what its server can read in ranges: pages, an index, or what is configured."""

from collections.abc import Sequence

import asyncpg

from lakeshot.lake.sql import identifier
from lakeshot.postgres.bounds import (
    histogram_bounds,
    key_conditions,
    key_of,
    sampled_pages_bounds,
    sampled_rows_bounds,
)
from lakeshot.postgres.custom_select import check_split_by
from lakeshot.postgres.part_sizes import MOST_PARTS, count_of, part_bytes
from lakeshot.postgres.repeatable import check_same_for_all_parts
from lakeshot.postgres.table_facts import Leaf, TableFacts, unique_indexes
from lakeshot.postgres.tid_ranges import Slice, leaf_relation, page_ranges, relation_named, small_leaves


class TableCutter:
    """Cuts one table for so many readers; ``where`` are conditions that all rows fulfil."""

    def __init__(
        self, connection: asyncpg.Connection, facts: TableFacts, where: tuple[str, ...], readers: int
    ) -> None:
        self._connection, self._facts, self._where, self._readers = connection, facts, where, readers
        self._relation = relation_named(facts.schema_name, facts.name)
        self._total = sum(leaf.bytes for leaf in facts.leaves)
        self._wanted = part_bytes(self._total, readers)

    async def cut(self, split_by: str | None) -> tuple[list[Slice], str]:
        """Slices that hold each row once, and how they were cut, in words.

        Leaves are read by their own names where they may be, so that one that is attached meanwhile is in
        no slice.
        """
        facts = self._facts
        if split_by is not None:
            await check_split_by(self._connection, self._relation, split_by)
            await check_same_for_all_parts(
                self._connection,
                self._relation,
                [column.name for column in facts.columns],
                self._where[0] if self._where else None,
                split_by,
                is_table=facts.relkind != "v",
            )
        has_leaves = facts.relkind not in ("v", "f")
        if has_leaves and all(leaf.readable for leaf in facts.leaves) and len(facts.leaves) <= MOST_PARTS:
            return await self._by_leaves(split_by)
        if split_by is not None:
            return await self._by_key(split_by, nullable=not self._is_not_null(split_by), name="'split_by'")
        if not has_leaves:
            kind = "view" if facts.relkind == "v" else "foreign table"
            return [self._whole()], f"one part, because a {kind} has no 'split_by'"
        if facts.readable and all(leaf.has_tid_ranges for leaf in facts.leaves):
            slices = page_ranges(self._relation, facts.leaves, self._wanted)
            return self._where_added(slices), _tid_words(len(slices), facts.leaves)
        for index in await unique_indexes(self._connection, facts.oid):
            name = identifier(index.columns[0])
            return await self._by_key(name, nullable=not self._children_as_strict, name=name)
        return [self._whole()], "one part, because nothing that may be read orders the rows; give 'split_by'"

    async def _by_leaves(self, split_by: str | None) -> tuple[list[Slice], str]:
        facts, wanted = self._facts, self._wanted
        least = 1 if split_by is not None and len(facts.leaves) == 1 else wanted
        small = [leaf for leaf in facts.leaves if leaf.bytes < least]
        slices = small_leaves(facts, small, wanted, self._where)
        words = [_whole_words(len(slices), len(small))] if small else []
        large = [leaf for leaf in facts.leaves if leaf.bytes >= least]
        with_tids = tuple(leaf for leaf in large if leaf.has_tid_ranges and split_by is None)
        ranges = [
            slice_
            for leaf in with_tids
            for slice_ in page_ranges(leaf_relation(facts, leaf), (leaf,), wanted)
        ]
        if with_tids:
            words.append(_tid_words(len(ranges), with_tids))
            slices += self._where_added(ranges)
        for leaf in large:
            if split_by is not None or not leaf.has_tid_ranges:
                cut, how = await (self._by_index(leaf) if split_by is None else self._split(leaf, split_by))
                slices += cut
                words.append(how)
        return slices, " and ".join(dict.fromkeys(words)) or "one part"

    async def _by_index(self, leaf: Leaf) -> tuple[list[Slice], str]:
        relation = leaf_relation(self._facts, leaf)
        for index in await unique_indexes(self._connection, leaf.oid):
            column, count = index.columns[0], count_of(leaf.bytes, self._wanted)
            key = await key_of(self._connection, relation, identifier(column), nullable=False)
            bounds = await histogram_bounds(
                self._connection, leaf, key, relation=relation, column=column, count=count
            )
            by = "by statistics" if bounds is not None else "by a sample"
            if bounds is None:
                bounds = await sampled_pages_bounds(
                    self._connection,
                    key,
                    relation=relation,
                    where=self._where,
                    count=count,
                    pages=leaf.pages,
                )
            slices = self._ranges(relation, key_conditions(key, bounds), leaf.bytes)
            return slices, f"{counted(len(slices), 'range')} of {identifier(column)} {by}"
        how = "one part, because no unique index without nulls orders the rows; give 'split_by'"
        return [Slice(relation, self._where, leaf.bytes)], how

    async def _split(self, leaf: Leaf, split_by: str) -> tuple[list[Slice], str]:
        relation = leaf_relation(self._facts, leaf)
        nullable = not self._is_not_null(split_by)
        key = await key_of(self._connection, relation, split_by, nullable=nullable)
        bounds = await sampled_pages_bounds(
            self._connection,
            key,
            relation=relation,
            where=self._where,
            count=count_of(leaf.bytes, self._wanted),
            pages=leaf.pages,
        )
        slices = self._ranges(relation, key_conditions(key, bounds), leaf.bytes)
        return slices, f"{counted(len(slices), 'range')} of 'split_by' by a sample"

    async def _by_key(self, sql: str, *, nullable: bool, name: str) -> tuple[list[Slice], str]:
        facts, relation = self._facts, self._relation
        key = await key_of(self._connection, relation, sql, nullable=nullable)
        if facts.relkind in ("v", "f") or any(leaf.is_foreign for leaf in facts.leaves):
            bounds = await sampled_rows_bounds(
                self._connection, key, relation=relation, where=self._where, count=self._readers
            )
        else:
            bounds = await sampled_pages_bounds(
                self._connection,
                key,
                relation=relation,
                where=self._where,
                count=count_of(self._total, self._wanted),
                pages=sum(leaf.pages for leaf in facts.leaves),
            )
        slices = self._ranges(relation, key_conditions(key, bounds), self._total)
        return slices, f"{counted(len(slices), 'range')} of {name} by a sample"

    def _ranges(self, relation: str, conditions: Sequence[tuple[str, ...]], size: int) -> list[Slice]:
        return [Slice(relation, (*own, *self._where), size // len(conditions)) for own in conditions]

    def _whole(self) -> Slice:
        return Slice(self._relation, self._where, self._total)

    def _where_added(self, slices: list[Slice]) -> list[Slice]:
        return [Slice(one.relation, (*one.conditions, *self._where), one.bytes) for one in slices]

    def _is_not_null(self, split_by: str) -> bool:
        named = (split_by.strip(), split_by.strip().lower())
        return self._children_as_strict and any(
            column.not_null and (identifier(column.name) == named[0] or column.name == named[1])
            for column in self._facts.columns
        )

    @property
    def _children_as_strict(self) -> bool:
        """Whether what is NOT NULL in the table is so in all leaves; tables that inherit may differ."""
        return self._facts.relkind == "p" or len(self._facts.leaves) == 1


def _tid_words(ranges: int, leaves: Sequence[Leaf]) -> str:
    over = f" over {len(leaves)} partitions" if len(leaves) > 1 else ""
    return f"{counted(ranges, 'range')} of ctid{over}"


def _whole_words(parts: int, leaves: int) -> str:
    return "one part" if leaves == 1 else f"{counted(parts, 'part')} of {leaves} whole partitions"


def counted(count: int, noun: str) -> str:
    """A number of things in words."""
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"
