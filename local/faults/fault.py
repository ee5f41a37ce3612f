"""What a test says of the requests it attacks; it travels as a file from the test to the server."""

import re

from pydantic import BaseModel, ConfigDict, Field, field_validator

from local.faults.request import SERVICES, Request


class _Model(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Refusal(_Model):
    """The error of AWS that a request is answered with. SDKs try again by themselves from status 500 on."""

    code: str
    message: str = "injected by a test"
    status: int = 400


class Fault(_Model):
    """Requests to be paused until the test decides, or, with ``refusal``, to be failed at once.

    A request matches by service (``"s3"``, as in SERVICES), operation (``"UploadPart"``), the name of the
    role, or user, that asks (None: whoever) and a regular expression that is searched for in its path,
    query and body. Of those that match the ``nth``, counted from 1, is hit; every one if it is None.
    With ``acted`` the cloud has acted on the request by then and only the answer is held, or lost.
    """

    service: str
    operation: str
    role: str | None = None
    about: str = ""
    nth: int | None = Field(default=1, ge=1)
    refusal: Refusal | None = None
    acted: bool = False

    @field_validator("service")
    @classmethod
    def _is_watched(cls, service: str) -> str:
        if service not in SERVICES:
            raise ValueError(f"got {service!r}; faults reach the services {', '.join(SERVICES)}")
        return service

    @field_validator("about")
    @classmethod
    def _is_an_expression(cls, about: str) -> str:
        try:
            re.compile(about)
        except re.error as error:
            raise ValueError(f"got {about!r}, which is no regular expression: {error}") from error
        return about

    def matches(self, request: Request) -> bool:
        """Whether this is one of the requests meant, whichever it is of them."""
        return (
            (self.service, self.operation) == (request.service, request.operation)
            and self.role in (None, request.role)
            and re.search(self.about, request.about) is not None
        )
