"""Numbers, spans and instants as people read them."""

from datetime import datetime, timedelta

MINUTE, HOUR, DAY = 60, 3600, 86400
_KILO = 1000.0


def count(number: float) -> str:
    """A whole number with thousands separated."""
    return f"{number:,.0f}"


def rate(number: float) -> str:
    """A number per second; decimals only where they matter."""
    return f"{number:,.1f}" if number < 100 else f"{number:,.0f}"  # noqa: PLR2004 - three digits say enough


def size(number: float) -> str:
    """Bytes in decimal units, as S3's console shows them."""
    for unit in ("bytes", "kB", "MB", "GB"):
        if number < _KILO:
            return f"{number:,.0f} {unit}" if unit == "bytes" else f"{number:,.1f} {unit}"
        number /= _KILO
    return f"{number:,.1f} TB"


def span(length: timedelta) -> str:
    """How long something takes, by its two largest units."""
    seconds = max(0, round(length.total_seconds()))
    if seconds < MINUTE:
        return f"{seconds} s"
    if seconds < HOUR:
        return f"{seconds // MINUTE} min {seconds % MINUTE:02d} s"
    if seconds < DAY:
        return f"{seconds // HOUR} h {seconds % HOUR // MINUTE:02d} min"
    return f"{seconds // DAY} d {seconds % DAY // HOUR} h"


def age(instant: datetime, now: datetime) -> str:
    """How long ago something was, by its largest unit."""
    seconds = max(0, int((now - instant).total_seconds()))
    for unit, length in (("d", DAY), ("h", HOUR), ("min", MINUTE)):
        if seconds >= length:
            return f"{seconds // length} {unit} ago"
    return f"{seconds} s ago"


def instant(moment: datetime) -> str:
    """An instant in UTC, to the second."""
    return f"{moment:%Y-%m-%d %H:%M:%S} UTC"


def dollars(amount: float) -> str:
    """An estimated cost."""
    return "under $0.01" if amount < 0.01 else f"${amount:,.2f}"  # noqa: PLR2004 - a cent
