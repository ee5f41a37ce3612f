"""Code that runs in threads of its own, one API call at a time: who goes on next is said from outside.

An actor stops before every call it makes. Nothing runs while nobody is told to go on, so an interleaving
is exactly the order in which actors were told to, and can be repeated.
"""

import threading
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import Future
from contextvars import ContextVar
from enum import StrEnum
from types import TracebackType
from typing import Any, Self

from botocore.exceptions import ClientError

from tests.in_memory.service import Paginator

_current: ContextVar["Actor | None"] = ContextVar("actor", default=None)


class Killed(BaseException):
    """The process is gone: whatever its code still wants to call, it cannot."""


class Fault(StrEnum):
    """What may go wrong with one call."""

    NONE = "ok"
    REFUSED = "refused"
    """The service answers with an error and has done nothing."""
    LOST = "answer lost"
    """The service has done it, and the caller gets an error."""
    TWICE = "sent twice"
    """The answer got lost and the SDK sent the same request again."""


class Actor:
    """One process. ``label`` says in a trace who it is, ``run`` for which run it works."""

    def __init__(self, label: str, run: str, body: Callable[[], object]) -> None:
        self.label, self.run = label, run
        self.result: object = None
        self.error: BaseException | None = None
        self.ended = False
        self.started = False
        self.fault = Fault.NONE
        self.next_call = "start"
        self.killed = False
        self.after_sleep: Callable[[], None] = lambda: None
        self._body = body
        self._go, self._back = threading.Lock(), threading.Lock()
        self._go.acquire()
        self._back.acquire()
        self._thread = threading.Thread(target=self._live, name=label, daemon=True)

    def step(self, fault: Fault = Fault.NONE) -> None:
        """Let the actor make its next call and go on to the one after it, or to its end."""
        self.fault = fault
        self._resume()

    def kill(self) -> None:
        """End the actor where it stands."""
        self.killed = True
        if self.started:
            while not self.ended:
                self._resume()
        self.ended, self.error = True, self.error or Killed()

    def pause(self, call: str) -> Fault:
        """Called by the actor itself before a call: give way until it is told to go on."""
        if self.killed:
            raise Killed
        self.next_call = call
        self._back.release()
        self._go.acquire()
        if self.killed:
            raise Killed
        return self.fault

    def _resume(self) -> None:
        if not self.started:
            self.started = True
            self._thread.start()
        else:
            self._go.release()
        self._back.acquire()

    def _live(self) -> None:
        _current.set(self)
        try:
            self.result = self._body()
        except Killed as error:
            self.error = error
        except Exception as error:  # noqa: BLE001  # what a process dies of is for its execution to judge
            self.error = error
        finally:
            self.ended = True
            self._back.release()


def here() -> Actor | None:
    """The actor whose code this is; None in the test itself."""
    return _current.get()


def pause(call: str) -> Fault:
    """Give way, if an actor calls."""
    actor = here()
    return Fault.NONE if actor is None else actor.pause(call)


class Client:
    """A service whose calls are where actors stop, go wrong and are written down."""

    def __init__(self, name: str, service: object, traced: Callable[[str], None]) -> None:
        self._name, self._service, self._traced = name, service, traced

    def __getattr__(self, name: str) -> Any:
        if name == "get_paginator":
            return lambda operation: Paginator(getattr(self, operation))
        found = getattr(self._service, name)
        if not callable(found) or name == "exceptions":
            return found

        def call(**given: Any) -> Any:
            return self._call(name, found, given)

        return call

    def _call(self, name: str, found: Callable[..., Any], given: dict[str, Any]) -> Any:
        told = f"{self._name}.{name}({self._brief(given)})"
        fault = pause(told)
        who = here()
        try:
            _fail_if(fault is Fault.REFUSED, "InternalServerError", name)
            answer = found(**given)
            if fault is Fault.TWICE:
                if who is not None:
                    self._traced(f"{who.label}: {told} -> done, answer lost, sent again")
                pause(told)
                answer = answer if name == "transact_write_items" else found(**given)
            _fail_if(fault is Fault.LOST, "RequestTimeout", name)
        except Exception as error:
            if who is not None:
                self._traced(f"{who.label}: {told} -> {type(error).__name__} ({fault})")
            raise
        if who is not None:
            self._traced(f"{who.label}: {told} -> ok")
        return answer

    def _brief(self, given: dict[str, Any]) -> str:
        service = self._service
        brief = getattr(service, "brief", None)
        return str(brief(given)) if brief is not None else ""


def _fail_if(fails: bool, code: str, name: str) -> None:
    if fails:
        raise ClientError({"Error": {"Code": code, "Message": "try again"}}, name)


class OneAfterAnother:
    """Stands in for a ThreadPoolExecutor, so that an actor is one thread and its calls have an order."""

    def __init__(self, max_workers: int = 1, thread_name_prefix: str = "") -> None:
        pass

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        pass

    def map(self, function: Callable[[Any], Any], items: Iterable[Any]) -> Sequence[Any]:
        return [function(item) for item in items]

    def submit(self, function: Callable[..., Any], *given: Any) -> Future[Any]:
        future: Future[Any] = Future()
        try:
            future.set_result(function(*given))
        except Exception as error:  # noqa: BLE001  # a pool keeps it for who asks for the result
            future.set_exception(error)
        return future

    def shutdown(self, *, wait: bool = True, cancel_futures: bool = False) -> None:
        pass
