"""How many items the next page of a part may hold, learned from what its pages have cost."""

PAGE_SECONDS = 0.2
"""Seconds of budget one page should cost: small beside the ten that are promised for."""
LARGEST_ITEM_UNITS = 100.0
"""An item of 400 KB read consistently, the dearest there is: assumed until one page is known."""
LARGEST_PAGE_UNITS = 257.0
"""A page ends after 1 MB (Scan, Amazon DynamoDB API reference), read consistently."""
GROWTH = 4
"""A page is at most this many times the last one, so that no small sample is trusted far."""
CAUTION = 1.5
"""What a part's first item may cost compared with the parts known so far."""
MEMORY = 0.75
"""Weight of the past when items get cheaper; when they get dearer it is forgotten at once."""


class PageSize:
    """Page sizes of all parts, in items, by the read units their items cost."""

    def __init__(self) -> None:
        self._units_per_item: dict[int, float] = {}
        self._last_items: dict[int, int] = {}

    def of(self, part: int, units_per_second: float) -> tuple[int, float]:
        """Items the part's next page may hold, and the read units to expect of it."""
        units_per_item = self._units_per_item.get(part) or self._first_guess()
        affordable = max(1, int(PAGE_SECONDS * units_per_second / units_per_item))
        grown = GROWTH * self._last_items.get(part, affordable)
        items = max(1, min(affordable, grown))
        return items, min(items * units_per_item, LARGEST_PAGE_UNITS)

    def learn(self, part: int, items: int, units: float) -> None:
        """Take note of what a page held and consumed."""
        if items == 0:
            return
        seen, known = units / items, self._units_per_item.get(part, 0.0)
        self._units_per_item[part] = max(seen, MEMORY * known + (1 - MEMORY) * seen)
        self._last_items[part] = items

    def _first_guess(self) -> float:
        known = self._units_per_item.values()
        return CAUTION * sum(known) / len(known) if known else LARGEST_ITEM_UNITS
