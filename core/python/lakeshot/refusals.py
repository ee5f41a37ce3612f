"""What an AWS service refuses for lack of permission, told by action and resource."""

import re
from collections.abc import Iterator
from contextlib import contextmanager

from botocore.exceptions import ClientError

from lakeshot.errors import PermissionDeniedError

_CODES = frozenset({"AccessDenied", "AccessDeniedException", "403", "Forbidden"})
_MESSAGE = re.compile(
    r"(?:User|Principal): (?P<who>\S+) is not authorized to perform: (?P<action>\S+)"
    r"(?: on resource: \"?(?P<resource>[^\s\"]+))?"
)


def error_code(error: ClientError) -> str:
    """The code an AWS service gave its error, such as ``NoSuchUpload``."""
    return error.response.get("Error", {}).get("Code", "")


def refusal(error: ClientError, action: str, resource: str) -> PermissionDeniedError | None:
    """The error as a refusal, or None if it is something else.

    The service's own words win; ``action`` and ``resource`` stand in where it does not say.
    """
    if error_code(error) not in _CODES:
        return None
    said = _MESSAGE.search(error.response.get("Error", {}).get("Message", ""))
    who = said["who"] if said else "this role"
    action = said["action"] if said else action
    resource = (said["resource"] if said else None) or resource
    return PermissionDeniedError(
        f"{who} may not perform {action} on {resource}; allow it in that role's policy and run again"
    )


@contextmanager
def refusals_named(action: str, resource: str) -> Iterator[None]:
    """Raise PermissionDeniedError for what the block is refused; other errors pass unchanged."""
    try:
        yield
    except ClientError as error:
        if (denied := refusal(error, action, resource)) is not None:
            raise denied from error
        raise
