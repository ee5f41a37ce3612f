"""How large parts are to be, so that readers end together and no part is dear to do again."""

from lakeshot.postgres.table_facts import Leaf

PARTS_PER_READER = 4
SMALLEST_BYTES = 32 * 1024**2
LARGEST_BYTES = 1024**3
MOST_PARTS = 10_000


def part_bytes(total: int, readers: int) -> int:
    """Bytes of the source, TOAST included, that a part should have.

    If there are more parts than readers, each reader gets as many as any other.
    """
    wanted = min(max(-(-total // (PARTS_PER_READER * readers)), SMALLEST_BYTES), LARGEST_BYTES)
    count = min(-(-total // wanted), MOST_PARTS)
    if readers < count <= MOST_PARTS - readers:
        count = -(-count // readers) * readers
    return max(1, -(-total // count)) if count > 1 else wanted


def count_of(size: int, wanted: int) -> int:
    """Into how many parts of about the wanted bytes this many are cut."""
    return max(1, round(size / wanted))


def page_bounds(leaves: tuple[Leaf, ...], count: int) -> list[int]:
    """Page numbers that cut all leaves at once, so that each range holds as many pages as any other."""
    pages = [leaf.pages for leaf in leaves]
    bounds = {_page_below(pages, number * sum(pages) // count) for number in range(1, count)}
    return sorted(bounds - {0})


def _page_below(pages: list[int], wanted: int) -> int:
    """The least page number below which the leaves have the wanted pages together."""
    low, high = 0, max(pages)
    while low < high:
        middle = (low + high) // 2
        if sum(min(count, middle) for count in pages) < wanted:
            low = middle + 1
        else:
            high = middle
    return low
