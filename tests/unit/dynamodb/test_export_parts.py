"""The files of exports shared out among parts."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lakeshot.dynamodb.export_manifest import DataFile
from lakeshot.dynamodb.export_parts import export_parts


def files_of(counts: list[int]) -> list[DataFile]:
    return [DataFile(key=f"{index}", items=count, md5="") for index, count in enumerate(counts)]


@given(st.lists(st.integers(0, 5_000_000), max_size=60), st.integers(1, 9))
def test_every_file_is_in_one_part_and_parts_are_even(counts: list[int], slots: int) -> None:
    """No part has a whole largest file's items, and one, more than any other."""
    files = files_of(counts)
    parts = export_parts("b", files, slots)
    assert sorted(file.key for part in parts for file in part.files) == sorted(file.key for file in files)
    assert [part.number for part in parts] == list(range(len(parts)))
    assert all(part.files and part.bucket == "b" for part in parts)
    if parts:
        sizes = [sum(file.items + 1 for file in part.files) for part in parts]
        assert max(sizes) - min(sizes) <= max(counts) + 1


@pytest.mark.parametrize(
    ("counts", "slots", "parts"),
    [
        ([], 4, 0),
        ([10] * 3, 4, 3),
        ([10] * 100, 4, 16),
        ([0] * 100, 4, 16),
        ([500_000] * 100, 4, 51),
        ([50_000_000] * 20_000, 4, 10_000),
    ],
)
def test_there_are_parts_for_all_slots_and_none_is_huge(counts: list[int], slots: int, parts: int) -> None:
    """Four a slot, more for many items, never more than there are files or a commit may have."""
    assert len(export_parts("b", files_of(counts), slots)) == parts


def test_the_files_of_a_part_are_in_the_manifests_order() -> None:
    """So a repeated run writes the same rows in the same order."""
    parts = export_parts("b", files_of([2, 9, 1, 1, 3, 1, 1, 1]), 1)
    assert [[file.key for file in part.files] for part in parts] == [
        ["1"],
        ["4", "6"],
        ["0", "5"],
        ["2", "3", "7"],
    ]
