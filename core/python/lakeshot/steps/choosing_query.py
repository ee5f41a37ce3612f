"""How a run reads a database: by its own queries, at the pace that is allowed."""

from collections.abc import Sequence

from lakeshot.config.connections import DeployedConnection
from lakeshot.config.deployed import Deployed
from lakeshot.config.payload import Payload
from lakeshot.errors import PayloadError
from lakeshot.runs.plan import QueriedTogether, QueryReading

_ROUTES = {
    "query": "a database is read by queries, all of one snapshot",
    "aws_s3": "route: aws_s3 has the database itself write what queries select, all of one snapshot",
}


def choose_query(
    payload: Payload, deployed: Deployed, *, asked_moment: str | None, run: Sequence[Deployed]
) -> QueryReading:
    """The reading of one of the exports of a run, whose payload may ask for a moment.

    PayloadError if the payload has an option that only DynamoDB's exports have.
    """
    source, connection = deployed.postgres
    for option, given in (("moment", asked_moment), ("reuse_export", payload.reuse_export)):
        if given is not None:
            raise PayloadError(
                f"{option} {given!r} needs DynamoDB's own export, but export {deployed.export!r} reads "
                f"{deployed.source.type}, which only tells what is there now. Leave {option} out"
            )
    return QueryReading(
        route=source.route,
        route_from=_ROUTES[source.route],
        source=source.name,
        max_mb_per_second=payload.max_mb_per_second or source.max_mb_per_second,
        together=_together(connection, run),
    )


def _together(connection: DeployedConnection, run: Sequence[Deployed]) -> tuple[QueriedTogether, ...]:
    """The exports of the run that read the same database, unless there is but one."""
    same = [one for one in run if one.connection == connection]
    if len(same) == 1:
        return ()
    return tuple(QueriedTogether(export=one.export, source=one.postgres[0]) for one in same)
