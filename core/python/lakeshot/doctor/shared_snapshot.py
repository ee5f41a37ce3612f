"""Whether one connection sees what another one sees, as all readers of a run have to."""

from datetime import UTC, datetime

import asyncpg

from lakeshot.doctor.checklist import Finding
from lakeshot.errors import LakeshotError, SourceError
from lakeshot.postgres.snapshot import BEGIN, adopt, take
from lakeshot.postgres.table_locks import Connect

_INSTEAD = (
    "where a pooler or a balancer stands between, give the host of one server; or set 'consistency: single' "
    "in exports.yaml, by which one reader reads all"
)


async def is_shared(connection: asyncpg.Connection, connect: Connect) -> Finding:
    """The snapshot of this transaction is adopted by another connection; SourceError if it cannot be."""
    snapshot = await take(connection, shared=True, taken_at=datetime.now(UTC))
    try:
        other = await connect()
    except LakeshotError as error:
        raise SourceError(f"a second connection: {error}") from error
    try:
        await other.execute(BEGIN)
        await adopt(other, snapshot)
    except LakeshotError as error:
        raise SourceError(
            f"a second connection did not see the first one's: {error}. Else: {_INSTEAD}"
        ) from error
    finally:
        other.terminate()
    return Finding("a second connection adopted the snapshot of the first")
