"""What every service in memory has as a client of boto3 has it."""

from collections.abc import Callable, Iterator
from typing import Any

from tests.in_memory.errors import EXCEPTIONS


class Service:
    """Its errors, and pages of which there is only one."""

    exceptions = EXCEPTIONS

    def get_paginator(self, operation: str) -> "Paginator":
        return Paginator(getattr(self, operation))


class Paginator:
    """Every page is one call."""

    def __init__(self, call: Callable[..., Any]) -> None:
        self._call = call

    def paginate(self, **given: Any) -> Iterator[Any]:
        yield self._call(**given)
