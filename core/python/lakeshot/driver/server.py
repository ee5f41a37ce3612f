"""The driver's side of a run: answers workers on other machines that know the run's key."""

from collections.abc import Callable
from contextlib import suppress
from multiprocessing import AuthenticationError
from multiprocessing.connection import Client, Connection, Listener, answer_challenge, deliver_challenge
from threading import Thread
from types import TracebackType
from typing import Protocol, Self

from lakeshot.driver.connection import LARGEST_MESSAGE_BYTES, Address

_BACKLOG = 128


class Conversation(Protocol):
    """What the driver says to one worker, from its first message until it is gone."""

    def answer(self, request: bytes) -> bytes:
        """The answer to one message. ValueError, if it is none, ends the conversation."""

    def end(self) -> None:
        """The worker is gone, whatever the reason."""


class DriverServer:
    """Holds a conversation with each worker that knows the key, until the context is left.

    ``begin`` makes a new conversation. A worker that is silent for ``silence_seconds`` counts as gone, None
    waits for ever.
    """

    def __init__(
        self,
        begin: Callable[[], Conversation],
        authkey: bytes,
        host: str = "127.0.0.1",
        *,
        silence_seconds: float | None = None,
        largest_message_bytes: int = LARGEST_MESSAGE_BYTES,
    ) -> None:
        self._begin, self._authkey = begin, authkey
        self._silence_seconds, self._largest_message_bytes = silence_seconds, largest_message_bytes
        self._listener = Listener((host, 0), backlog=_BACKLOG)
        self._closed = False
        self.address: Address = str(self._listener.address[0]), int(self._listener.address[1])
        """Host and port to give to workers."""

    def __enter__(self) -> Self:
        Thread(target=self._accept, name="driver", daemon=True).start()
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
            Thread(target=self._serve, args=(connection,), name="driver", daemon=True).start()

    def _serve(self, connection: "Connection[bytes, bytes]") -> None:
        with connection, suppress(EOFError, OSError, AuthenticationError):
            deliver_challenge(connection, self._authkey)
            answer_challenge(connection, self._authkey)
            self._converse(connection)

    def _converse(self, connection: "Connection[bytes, bytes]") -> None:
        conversation = self._begin()
        try:
            with suppress(ValueError):
                while not self._closed and connection.poll(self._silence_seconds):
                    request = connection.recv_bytes(self._largest_message_bytes)
                    connection.send_bytes(conversation.answer(request))
        finally:
            conversation.end()
