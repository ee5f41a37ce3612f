"""The driver's side of the run's budget: shared with worker processes on other machines."""

from lakeshot.driver.server import DriverServer
from lakeshot.rate.budget import Grant, ReadBudget, Wait
from lakeshot.rate.remote import ANSWER, REQUEST, Ask, Request, Settle


class BudgetServer(DriverServer):
    """Serves a budget to whoever knows the key, until the context is left."""

    def __init__(self, budget: ReadBudget, authkey: bytes, host: str = "127.0.0.1") -> None:
        super().__init__(lambda: _Conversation(budget), authkey, host)


class _Conversation:
    """With one worker, which may work on several parts."""

    def __init__(self, budget: ReadBudget) -> None:
        self._budget = budget
        self._parts: set[int] = set()

    def answer(self, request: bytes) -> bytes:
        return ANSWER.dump_json(self._answer(REQUEST.validate_json(request)))

    def end(self) -> None:
        for part in self._parts:
            self._budget.leave(part)

    def _answer(self, request: Request) -> Grant | Wait | None:
        if isinstance(request, Ask):
            self._parts.add(request.part)
            return self._budget.ask(request.part)
        if isinstance(request, Settle):
            self._budget.settle(request.grant, request.items, request.units)
        else:
            self._budget.report(request.progress)
        return None
