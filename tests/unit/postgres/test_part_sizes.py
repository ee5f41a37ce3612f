"""Parts are of like size, and neither too many nor too large."""

from hypothesis import given
from hypothesis import strategies as st

from lakeshot.postgres.part_sizes import LARGEST_BYTES, SMALLEST_BYTES, count_of, page_bounds, part_bytes
from lakeshot.postgres.table_facts import Leaf

GB = 1024**3


def leaf(pages: int) -> Leaf:
    return Leaf(
        schema_name="public",
        name="t",
        oid=1,
        heap_bytes=pages * 8192,
        bytes=pages * 8192,
        pages=pages,
        has_tid_ranges=True,
        is_foreign=False,
        readable=True,
    )


def test_readers_get_about_four_parts_each() -> None:
    """Unless these would be very small or very large."""
    assert count_of(4 * GB, part_bytes(4 * GB, readers=7)) == 28
    assert count_of(96 * 1024**2, part_bytes(96 * 1024**2, readers=7)) == 3
    assert part_bytes(0, readers=7) == part_bytes(5, readers=7) == SMALLEST_BYTES


def test_readers_get_as_many_parts_as_each_other() -> None:
    """None waits long for the last of them."""
    assert count_of(100 * GB, part_bytes(100 * GB, readers=7)) == 105
    assert part_bytes(100 * GB, readers=7) <= LARGEST_BYTES
    assert count_of(200 * 1024**2, part_bytes(200 * 1024**2, readers=2)) == 8


def test_there_are_never_more_than_ten_thousand() -> None:
    """A table of 32 TB has larger parts."""
    assert count_of(32 * 1024 * GB, part_bytes(32 * 1024 * GB, readers=64)) == 10_000


def test_leaves_of_different_size_are_cut_into_even_ranges() -> None:
    """Where they are read together: early pages are there in more of them."""
    bounds = page_bounds((leaf(1000), leaf(200)), 4)
    assert bounds == [150, 400, 700]


@given(pages=st.lists(st.integers(0, 3000), min_size=1, max_size=5), count=st.integers(1, 50))
def test_bounds_rise_and_lie_within(pages: list[int], count: int) -> None:
    """So ranges are disjoint and none but the last is beyond the table."""
    bounds = page_bounds(tuple(map(leaf, pages)), count)
    assert bounds == sorted(set(bounds))
    assert all(0 < bound <= max(pages) for bound in bounds)
    assert len(bounds) < count
