"""Which instants and windows may be exported; microseconds since the epoch.

AWS's words come from public logs of its answers, see the README's table.
"""

from datetime import UTC, datetime

from local.dynamodb.exports.recovery import SECOND, Recovery
from local.dynamodb.exports.request import AskedPeriod, Period
from local.dynamodb.settings import minute_seconds
from local.hooks import ServiceError
from local.hooks.dynamodb import StoredTable

SHORTEST_MINUTES = 15
LONGEST_MINUTES = 24 * 60
_UNAVAILABLE = "Point in Time Recovery is not available for specified export time"


def recovery_needed(table: StoredTable, recovery: Recovery | None) -> Recovery:
    """Return the table's recovery. Raises ServiceError when it is off."""
    if recovery is None:
        message = f"Point in time recovery is not enabled for table '{table.name}'"
        raise ServiceError("PointInTimeRecoveryUnavailableException", message)
    return recovery


def check_begins_after_creation(table: StoredTable, recovery: Recovery | None, asked: AskedPeriod) -> None:
    """Raise ServiceError for a window from before the table was made; AWS looks at this before recovery."""
    created_at = table.created_at * SECOND if recovery is None else recovery.created_at
    if asked.since < created_at:
        raise _refused(
            "Incremental export period from time cannot be less than the table creation time : "
            + _moment(asked.since)
        )


def exported_instant(recovery: Recovery, asked: int | None, now: int) -> int:
    """Return the instant of a full export, by default now. Raises ServiceError for one out of reach."""
    instant = now if asked is None else asked
    if instant > now or instant < recovery.created_at:
        raise _refused("Export Time is invalid")
    if instant < recovery.earliest(now):
        raise _refused(_UNAVAILABLE)
    return instant


def exported_period(recovery: Recovery, asked: AskedPeriod, now: int) -> Period:
    """Return the window of an incremental export. Raises ServiceError for one that AWS refuses."""
    until = now // SECOND * SECOND if asked.until is None else asked.until
    if until > now:
        raise _refused(
            "Incremental export period to time cannot be greater than the current time : " + _moment(until)
        )
    if asked.since >= until:
        raise _refused(
            "Incremental export period from time should not be greater or equal to incremental export period "
            "to time"
        )
    minutes = (until - asked.since) / SECOND / minute_seconds(recovery.table)
    difference = "Difference between export period from time and export period to time is"
    if minutes < SHORTEST_MINUTES:
        raise _refused(f"{difference} less than {SHORTEST_MINUTES} minutes")
    if minutes > LONGEST_MINUTES:
        raise _refused(f"{difference} greater than {LONGEST_MINUTES // 60} hours")
    if asked.since < recovery.earliest(now):
        raise _refused(_UNAVAILABLE)
    return Period(asked.since, until, asked.view)


def _refused(message: str) -> ServiceError:
    return ServiceError("InvalidExportTimeException", message)


def _moment(micros: int) -> str:
    return datetime.fromtimestamp(micros // SECOND, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
