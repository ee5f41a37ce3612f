"""What route ``aws_s3`` asks of connections: one role for each database that is to write files."""

from collections.abc import Mapping

from lakeshot.config.connections import Connection
from lakeshot.config.role_holder import RoleHolder

MOST_ROLES = 15
"""Of connections in one stage: each adds up to 600 of the 10,240 characters of policies that the role of the
function which associates them may have."""


MOST_EXPORTS = 60
"""Whose files one database writes: each prefix adds up to 140 characters to the policies of its role."""


def check_landings(landings: Mapping[str, str], connections: Mapping[str, Connection]) -> None:
    """Raise ValueError if an export, whose connection ``landings`` names, has no role to be written under.

    A cluster holds one role to write by, so two connections cannot each have theirs made for it.
    """
    holders: dict[RoleHolder, str] = {}
    for export, name in landings.items():
        if connections[name].export_role is not None:
            continue
        holder = connections[name].role_holder
        if holder is None:
            raise ValueError(
                f"export {export!r} has route 'aws_s3', but its connection {name!r} does not say which "
                "database gets the role to write to S3; give the connection 'cluster' (Aurora), 'instance' "
                "(RDS for PostgreSQL), or 'export_role' if the database has such a role already"
            )
        if (other := holders.setdefault(holder, name)) != name:
            raise ValueError(
                f"connections {other!r} and {name!r} both have exports of route 'aws_s3' and the "
                f"{holder.kind} {holder.identifier!r}, which takes one role to write to S3 by; make one "
                "that may write the files of both (docs/operations.md), associate it, and give both its "
                "ARN as 'export_role'"
            )
    for name in holders.values():
        if (number := list(landings.values()).count(name)) > MOST_EXPORTS:
            raise ValueError(
                f"connection {name!r} has {number} exports of route 'aws_s3'; allowed are {MOST_EXPORTS}, as "
                "their prefixes have to fit into the policy of one role: give it an 'export_role' that you "
                "make (docs/operations.md)"
            )
    if len(holders) > MOST_ROLES:
        raise ValueError(
            f"{len(holders)} connections have exports of route 'aws_s3' and a role to be made for them; "
            f"allowed are {MOST_ROLES} in one stage: give the others an 'export_role' that you make "
            "(docs/operations.md), or another stage"
        )
