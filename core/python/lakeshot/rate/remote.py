"""A worker's side of a budget that lives in the driver's process.

Each worker holds one connection, proves that it knows the run's key, and asks in small JSON
messages. Nothing is unpickled. Whoever loses the driver stops reading.
"""

from multiprocessing import AuthenticationError
from multiprocessing.connection import Client
from threading import Lock
from typing import Annotated, Literal

from pydantic import Field, TypeAdapter

from lakeshot.errors import BudgetLostError
from lakeshot.model import Model
from lakeshot.rate.budget import Grant, Progress, Wait

Address = tuple[str, int]
ANSWER_TIMEOUT_SECONDS = 60.0
LARGEST_MESSAGE_BYTES = 4096


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
    """A worker's side of the budget. Raises BudgetLostError as soon as the driver is gone."""

    def __init__(self, address: Address, authkey: bytes) -> None:
        self._address, self._lock = address, Lock()
        try:
            self._connection = Client(address, authkey=authkey)
        except (OSError, EOFError, AuthenticationError) as error:
            raise self._lost(error) from error

    def ask(self, part: int) -> Grant | Wait:
        """A page for this part, or how long to wait before asking again."""
        answer = self._call(Ask(part=part))
        if answer is None:
            raise self._lost("it gave no answer")
        return answer

    def settle(self, grant: Grant, items: int, units: float) -> None:
        """What a granted page held and consumed; nothing and 0 if it was refused."""
        self._call(Settle(grant=grant, items=items, units=units))

    def report(self, progress: Progress) -> None:
        """How far a part has come."""
        self._call(Report(progress=progress))

    def close(self) -> None:
        """Leave the budget; its share is free for others."""
        self._connection.close()

    def _call(self, request: Request) -> Grant | Wait | None:
        try:
            with self._lock:
                self._connection.send_bytes(request.model_dump_json().encode())
                if not self._connection.poll(ANSWER_TIMEOUT_SECONDS):
                    raise self._lost(f"no answer within {ANSWER_TIMEOUT_SECONDS:.0f} s")
                return ANSWER.validate_json(self._connection.recv_bytes(LARGEST_MESSAGE_BYTES))
        except (OSError, EOFError) as error:
            raise self._lost(error) from error

    def _lost(self, why: object) -> BudgetLostError:
        host, port = self._address
        return BudgetLostError(
            f"the driver's read budget at {host}:{port} is gone ({why or 'connection closed'}); "
            "this worker stops rather than read without it. See the driver's log, then run the export again"
        )
