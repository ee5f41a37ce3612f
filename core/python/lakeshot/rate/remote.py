"""A worker's side of a budget that lives in the driver's process. Whoever loses the driver stops reading."""

from typing import Annotated, Literal

from pydantic import Field, TypeAdapter

from lakeshot.driver.connection import Address, DriverConnection
from lakeshot.errors import DriverLostError
from lakeshot.model import Model
from lakeshot.rate.budget import Grant, Progress, Wait


class Ask(Model):
    """Ask for a page."""

    kind: Literal["ask"] = "ask"
    part: int


class Settle(Model):
    """Say what a page came to."""

    kind: Literal["settle"] = "settle"
    grant: Grant
    items: int
    units: float


class Report(Model):
    """Say how far a part is."""

    kind: Literal["report"] = "report"
    progress: Progress


Request = Ask | Settle | Report
REQUEST: TypeAdapter[Request] = TypeAdapter(Annotated[Request, Field(discriminator="kind")])
ANSWER: TypeAdapter[Grant | Wait | None] = TypeAdapter(Grant | Wait | None)


class RemoteBudget:
    """A worker's side of the budget. Raises DriverLostError as soon as the driver is gone."""

    def __init__(self, address: Address, authkey: bytes) -> None:
        self._driver = DriverConnection(address, authkey)

    def ask(self, part: int) -> Grant | Wait:
        """A page for this part, or how long to wait before asking again."""
        answer = self._call(Ask(part=part))
        if answer is None:
            raise DriverLostError("the run's driver gave no answer to whether a page may be read; run again")
        return answer

    def settle(self, grant: Grant, items: int, units: float) -> None:
        """What a granted page held and consumed; nothing and 0 if it was refused."""
        self._call(Settle(grant=grant, items=items, units=units))

    def report(self, progress: Progress) -> None:
        """How far a part has come."""
        self._call(Report(progress=progress))

    def close(self) -> None:
        """Leave the budget; its share is free for others."""
        self._driver.close()

    def _call(self, request: Request) -> Grant | Wait | None:
        return ANSWER.validate_json(self._driver.call(request.model_dump_json().encode()))
