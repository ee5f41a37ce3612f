"""Units a table may give: so many a second, and what it saved while it was not asked.

DynamoDB keeps up to 300 seconds of unused capacity for bursts:
https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/burst-adaptive-capacity.html
"""

from collections.abc import Callable


class TokenBucket:
    """A bucket that fills with ``units_per_second`` up to that times ``1 + burst_seconds``; full at first.

    A request is let in while anything is left, since its cost is known only afterwards, and may leave a debt.
    """

    def __init__(self, units_per_second: float, burst_seconds: float, clock: Callable[[], float]) -> None:
        self.units_per_second = units_per_second
        self.burst_seconds = burst_seconds
        self._clock = clock
        self._units = self._capacity
        self._filled_at = clock()

    @property
    def _capacity(self) -> float:
        return self.units_per_second * (1 + self.burst_seconds)

    def admits(self) -> bool:
        """Whether a request may run now."""
        now = self._clock()
        self._units = min(self._capacity, self._units + (now - self._filled_at) * self.units_per_second)
        self._filled_at = now
        return self._units > 0

    def take(self, units: float) -> None:
        """Charge what a request cost."""
        self._units -= units
