"""The errors of a client, by name, as boto3 makes them."""

from typing import Any, NoReturn

from botocore.exceptions import ClientError

_classes: dict[str, type[ClientError]] = {}


class Exceptions:
    """``client.exceptions``: a class for each code, whichever is asked for."""

    def __getattr__(self, name: str) -> type[ClientError]:
        return _classes.setdefault(name, type(name, (ClientError,), {}))


EXCEPTIONS = Exceptions()


def fail(code: str, message: str = "", **more: Any) -> NoReturn:
    """Raise the error of this code."""
    raise getattr(EXCEPTIONS, code)({"Error": {"Code": code, "Message": message}, **more}, "call")
