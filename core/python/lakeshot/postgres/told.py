"""What PostgreSQL and its driver raise, told once: what happened, and what to do.

A message never shows the values of rows, which the server's own texts of some errors do, nor details.
"""

import asyncpg

from lakeshot.errors import ConnectionLostError, LakeshotError, PermissionDeniedError, SourceError

__all__ = ["RAISED", "ConnectionLostError", "told"]

RAISED = (asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError, OSError)
"""What the server, its driver and the network raise, all of which ``told`` knows."""

_LOST = ("08", "57P01", "57P02", "57P03", "57P05", "25P03")
"""Connection exceptions, a server that is going down or coming up, a session that it ended."""
_WHILE_ENDING = "cannot switch to state"
"""What asyncpg says from the server's farewell until the connection is closed."""
_SHOWN = ("0A", "25", "42", "53", "54", "55", "57", "58", "3D", "3F", "XX")
"""Classes whose messages hold names and SQL of ours, never values of rows (PostgreSQL, appendix A)."""
_NEXT_STEPS = {
    "42P01": "it was dropped or renamed, or its name is misspelt: names are matched with their upper and "
    "lower case",
    "3F000": "it was dropped or renamed, or its name is misspelt",
    "42703": "correct the name in exports.yaml, or run again if the table was changed meanwhile",
    "42": "correct 'select', 'where' or 'split_by' in exports.yaml",
    "25006": "'select', 'where' and 'split_by' in exports.yaml may only read; take out of them what writes",
    "55P03": "somebody holds a stronger lock on the table, such as ALTER TABLE or TRUNCATE takes; run again "
    "when that has ended, or raise 'lock_timeout_seconds'",
    "57014": "a statement_timeout of the server's or an administrator ended it; raise the timeout for this "
    "user, or read in a quieter hour",
    "40001": "a standby had to go on with what its primary removed; set hot_standby_feedback on it, or "
    "raise its max_standby_streaming_delay, or read from the primary",
    "72000": "the server removed rows that the snapshot still shows; raise its old_snapshot_threshold",
    "22021": "a text is not UTF-8, as may be in a database of the encoding SQL_ASCII; correct it there, or "
    "leave its column out",
    "22P05": "a text has a character that UTF-8 lacks; correct it there, or leave its column out",
    "22": "'select', 'where' or 'split_by' cannot be computed for some row; correct it in exports.yaml",
    "22023": "if it speaks of a snapshot, the connection that held it has ended; run again",
    "55000": "if it speaks of a snapshot, the connection that held it has ended; run again",
    "53300": "raise max_connections, end idle sessions, or lower 'readers' in exports.yaml",
    "53": "the server lacks memory, disk or connections; run again when it has them",
    "54": "a row is larger than the server can send, which is 1 GB as text; leave a column out",
    "XX": "the server is damaged or has met a defect; look at its log",
}
"""By SQLSTATE or, where that is not listed, by its class, the first two characters."""


def told(error: Exception, doing: str) -> LakeshotError:
    """The error as one of ours; ``doing`` are words for what was tried, such as ``reading public.article``.

    ConnectionLostError if another connection may do, PermissionDeniedError if the user may not, else
    SourceError. Raise it ``from`` the error.
    """
    if isinstance(error, LakeshotError):
        return error
    if isinstance(error, asyncpg.PostgresError):
        return _of_server(error, doing)
    if isinstance(error, (OSError, asyncpg.InterfaceError)):
        return ConnectionLostError(
            f"{doing}: the connection to the database broke ({_kind(error)}); run again"
        )
    if isinstance(error, asyncpg.InternalClientError) and _WHILE_ENDING in str(error):
        return ConnectionLostError(f"{doing}: the database is ending the connection; run again")
    if isinstance(error, asyncpg.InternalClientError):
        return SourceError(f"{doing}: what the server sent is not understood; please report this as a defect")
    raise error


def _of_server(error: asyncpg.PostgresError, doing: str) -> LakeshotError:
    state: str = error.sqlstate or ""
    said = f"{doing}: {_said(error, state)}"
    if state.startswith(_LOST):
        return ConnectionLostError(f"{said}; the database ended the connection, run again")
    if state == "42501" and error.server_source_function == "check_enable_rls":
        return SourceError(
            f"{said}, so an export would lack rows silently; have an administrator give this user BYPASSRLS, "
            "or export a view of the rows that are wanted"
        )
    if state == "42501":
        return PermissionDeniedError(
            f"{said}; have the owner GRANT SELECT ON the table, and USAGE ON its schema, TO this user"
        )
    if state.startswith("28"):
        return PermissionDeniedError(f"{said}; correct the user and password in the secret")
    if state == "53300":
        return ConnectionLostError(f"{said}; {_NEXT_STEPS[state]}")
    next_step = _NEXT_STEPS.get(state, _NEXT_STEPS.get(state[:2], "look at the server's log and run again"))
    return SourceError(f"{said}; {next_step}")


def _said(error: asyncpg.PostgresError, state: str) -> str:
    if state.startswith((*_SHOWN, "08", "28", "40001", "22023", "72")):
        return f"{error.message or error} ({state})"  # asyncpg's own have no message but their text
    return f"{_kind(error)} ({state})"


def _kind(error: Exception) -> str:
    return type(error).__name__
