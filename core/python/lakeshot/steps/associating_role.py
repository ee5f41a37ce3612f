"""A database's role to write to S3 by, as part of a stack: held as long as the stack is there."""

import time
from collections.abc import Callable, Mapping

from botocore.exceptions import ClientError

from lakeshot.errors import ConfigError, SourceError
from lakeshot.refusals import error_code, refusal
from lakeshot.steps.database_roles import FEATURE, Database

_POLLS, _POLL_SECONDS = 40, 10.0
_WAITED = f"{_POLLS * _POLL_SECONDS / 60:.0f} minutes"
_SETTLING_POLLS = 12
"""IAM's changes take effect within two minutes; until then a new role or permission may be unknown."""
_SETTLING = frozenset({"AccessDenied", "AccessDeniedException", "InvalidParameterValue"})
_BUSY = frozenset(
    {
        "DBClusterRoleAlreadyExists",
        "DBClusterRoleNotFound",
        "DBInstanceRoleAlreadyExists",
        "DBInstanceRoleNotFound",
        "InvalidDBClusterStateFault",
        "InvalidDBInstanceState",
    }
)
"""What RDS answers while the database is changed, also by an association that is not done yet."""
_MISSING = frozenset({"DBClusterNotFoundFault", "DBInstanceNotFound"})


def associate(database: Database, role: str) -> None:
    """Let a database write to S3 under ``role``; returns once it can.

    Raises ConfigError if another role is held for that, or there is no such database; SourceError if it
    takes too long.
    """

    def can_write() -> str | None:
        states = database.roles()
        if others := [other for other in states if other != role]:
            raise ConfigError(
                f"the {database.called} already writes to S3 under the role {others[0]} and takes one role "
                f"for {FEATURE} only. Give the connection in exports.yaml 'export_role: {others[0]}' and let "
                "that role write the exports' files (docs/operations.md), or take it off the database"
            )
        if role not in states:
            database.add(role)
        return None if states.get(role) == "ACTIVE" else states.get(role, "not associated")

    _wait(can_write, database, to=f"take the role {role} for {FEATURE}")


def dissociate(database: Database, role: str) -> None:
    """Take ``role``, and no other one, off a database; returns once it is off. No database is no error.

    Raises SourceError if it takes too long.
    """

    def is_off() -> str | None:
        state = database.roles().get(role)
        if state is not None:
            database.remove(role)
        return state

    try:
        _wait(is_off, database, to=f"give up the role {role}")
    except ConfigError:  # nothing to take it off: the database is gone, or takes no roles
        return


def replace(database: Database, old: Mapping[str, str], new: Mapping[str, str]) -> None:
    """Associate the role of a resource's properties ``new``, where ``old`` was before.

    Another database keeps its role until CloudFormation has the old resource deleted.
    """
    same = {**old, "Role": ""} == {**new, "Role": ""}
    if same and old["Role"] != new["Role"]:
        dissociate(database, old["Role"])
    associate(database, new["Role"])


def _wait(look: Callable[[], str | None], database: Database, *, to: str) -> None:
    """Look again and again until there is nothing left to wait for; ``look`` tells what there is."""
    waits_for: str | None = ""
    for poll in range(_POLLS):
        try:
            waits_for = look()
        except ClientError as error:
            waits_for = _reason_to_wait(error, database, poll)
        if waits_for is None:
            return
        time.sleep(_POLL_SECONDS)
    raise SourceError(
        f"the {database.called} was told to {to}, and has not done so after {_WAITED} (it is {waits_for!r}); "
        "see what else is being changed there, or whether the role trusts rds.amazonaws.com, and deploy again"
    )


def _reason_to_wait(error: ClientError, database: Database, poll: int) -> str:
    code = error_code(error)
    message = error.response.get("Error", {}).get("Message", code)
    if code in _MISSING:
        raise ConfigError(
            f"there is no {database.called} in this account and region; correct its identifier below "
            "'connections' in exports.yaml"
        ) from error
    if code in _BUSY or (code in _SETTLING and poll < _SETTLING_POLLS):
        return message
    if (denied := refusal(error, "rds:AddRoleToDBCluster", database.called)) is not None:
        raise denied from error
    raise SourceError(f"the {database.called} cannot be given or taken a role: {code}: {message}") from error
