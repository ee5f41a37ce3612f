"""What happens at the worst moment: between what somebody read and what somebody is about to write."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, NoReturn

from botocore.exceptions import ClientError


@contextmanager
def just_before(
    client: Any, operation: str, happens: Callable[[], object], *, call: int = 1
) -> Iterator[None]:
    """Let something happen once, when the block's n-th ``call`` of a client's operation is about to be made.

    What it raises is what the call raises. A block that never makes that call is an error.
    """
    made, left = getattr(client, operation), call

    def arrive(**given: Any) -> Any:
        nonlocal left
        left -= 1
        if left == 0:
            happens()
        return made(**given)

    setattr(client, operation, arrive)
    try:
        yield
    finally:
        delattr(client, operation)
    assert left <= 0, f"{operation} was not called {call} times"


def denied() -> NoReturn:
    """Happens where a role lacks the call's permission."""
    raise ClientError({"Error": {"Code": "AccessDenied", "Message": "Access Denied"}}, "Call")
