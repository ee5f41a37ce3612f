"""The driver's side of the run's budget: shared with worker processes on other machines."""

from contextlib import suppress
from multiprocessing import AuthenticationError
from multiprocessing.connection import Client, Connection, Listener, answer_challenge, deliver_challenge
from threading import Thread
from types import TracebackType
from typing import Self

from lakeshot.rate.budget import Grant, ReadBudget, Wait
from lakeshot.rate.remote import ANSWER, LARGEST_MESSAGE_BYTES, REQUEST, Address, Ask, Request, Settle

_BACKLOG = 128


class BudgetServer:
    """Serves a budget to whoever knows the key, until the context is left."""

    def __init__(self, budget: ReadBudget, authkey: bytes, host: str = "127.0.0.1") -> None:
        self._budget, self._authkey = budget, authkey
        self._listener = Listener((host, 0), backlog=_BACKLOG)
        self._closed = False
        self.address: Address = str(self._listener.address[0]), int(self._listener.address[1])
        """Host and port to give to workers."""

    def __enter__(self) -> Self:
        Thread(target=self._accept, name="budget", daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._closed = True
        with suppress(OSError):
            Client(self.address).close()  # wakes the accepting thread, which close alone does not
        self._listener.close()

    def _accept(self) -> None:
        while not self._closed:
            try:
                connection = self._listener.accept()
            except OSError:
                return
            Thread(target=self._serve, args=(connection,), name="budget", daemon=True).start()

    def _serve(self, connection: "Connection[bytes, bytes]") -> None:
        parts: set[int] = set()
        try:
            with connection, suppress(EOFError, OSError, AuthenticationError, ValueError):
                deliver_challenge(connection, self._authkey)
                answer_challenge(connection, self._authkey)
                while not self._closed:
                    request = REQUEST.validate_json(connection.recv_bytes(LARGEST_MESSAGE_BYTES))
                    if isinstance(request, Ask):
                        parts.add(request.part)
                    connection.send_bytes(ANSWER.dump_json(self._answer(request)))
        finally:
            for part in parts:
                self._budget.leave(part)

    def _answer(self, request: Request) -> Grant | Wait | None:
        if isinstance(request, Ask):
            return self._budget.ask(request.part)
        if isinstance(request, Settle):
            self._budget.settle(request.grant, request.items, request.units)
        else:
            self._budget.report(request.progress)
        return None
