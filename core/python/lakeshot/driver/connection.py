"""A worker's side of its driver: one connection that proves it knows the run's key. Nothing is unpickled."""

from dataclasses import dataclass, field
from multiprocessing import AuthenticationError
from multiprocessing.connection import Client
from threading import Lock

from lakeshot.errors import DriverLostError

Address = tuple[str, int]
ANSWER_TIMEOUT_SECONDS = 60.0
LARGEST_MESSAGE_BYTES = 4096


@dataclass(frozen=True)
class DriverContact:
    """How workers reach the driver of their run."""

    address: Address
    key: bytes = field(repr=False)


class DriverConnection:
    """Asks the driver. Safe to share between threads. Raises DriverLostError as soon as it is gone."""

    def __init__(
        self, address: Address, authkey: bytes, *, largest_message_bytes: int = LARGEST_MESSAGE_BYTES
    ) -> None:
        self._address, self._largest_message_bytes = address, largest_message_bytes
        self._lock = Lock()
        self._broken_by: object = None
        try:
            self._connection = Client(address, authkey=authkey)
        except (OSError, EOFError, AuthenticationError) as error:
            raise self._lost(error) from error

    def call(self, request: bytes) -> bytes:
        """The driver's answer to one message. After one that came too late there is no other."""
        with self._lock:
            if self._broken_by is not None:
                raise self._lost(self._broken_by)
            try:
                self._connection.send_bytes(request)
                if self._connection.poll(ANSWER_TIMEOUT_SECONDS):
                    return self._connection.recv_bytes(self._largest_message_bytes)
                error: Exception = TimeoutError(f"no answer within {ANSWER_TIMEOUT_SECONDS:.0f} s")
            except (OSError, EOFError) as broken:
                error = broken
            self._broken_by = str(error) or "connection closed"
            self._connection.close()
            raise self._lost(self._broken_by) from error

    def close(self) -> None:
        """Leave; what this worker held is free for others."""
        self._connection.close()

    def _lost(self, why: object) -> DriverLostError:
        host, port = self._address
        return DriverLostError(
            f"the run's driver at {host}:{port} is gone ({why or 'connection closed'}); this worker stops "
            "rather than read without it. See the driver's log, then run the export again"
        )
