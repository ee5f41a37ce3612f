"""Workers in other processes share the driver's budget, or stop."""

from collections.abc import Iterator
from multiprocessing.connection import Client

import pytest

from lakeshot.errors import DriverLostError
from lakeshot.rate.budget import Grant, Progress, ReadBudget, Wait
from lakeshot.rate.remote import RemoteBudget
from lakeshot.rate.server import BudgetServer
from tests.unit.scan_simulation import VirtualClock

KEY = b"the run's secret"


@pytest.fixture
def seen() -> list[Progress]:
    return []


@pytest.fixture
def budget(seen: list[Progress]) -> ReadBudget:
    return ReadBudget(10, clock=VirtualClock(), on_progress=seen.append)


@pytest.fixture
def server(budget: ReadBudget) -> Iterator[BudgetServer]:
    with BudgetServer(budget, KEY) as server:
        yield server


def test_workers_share_one_budget(server: BudgetServer) -> None:
    """What one worker is granted the next has to wait for, until it is settled."""
    one, two = RemoteBudget(server.address, KEY), RemoteBudget(server.address, KEY)
    grant = one.ask(0)
    assert grant == Grant(id=1, part=0, limit=1)
    assert isinstance(two.ask(1), Wait)
    assert isinstance(grant, Grant)
    one.settle(grant, items=1, units=0.5)
    assert isinstance(two.ask(1), Wait)
    one.close()
    two.close()


def test_progress_reaches_the_driver(server: BudgetServer, seen: list[Progress]) -> None:
    """Rows, units and bytes of a part arrive as they were reported."""
    worker = RemoteBudget(server.address, KEY)
    worker.report(Progress(part=3, rows=5, units=1.5, bytes=99))
    worker.close()
    assert seen == [Progress(part=3, rows=5, units=1.5, bytes=99)]


def test_a_stranger_is_refused_and_the_server_goes_on(server: BudgetServer) -> None:
    """Who does not know the key gets nothing; those who do are served afterwards."""
    with pytest.raises(DriverLostError, match="digest sent was rejected"):
        RemoteBudget(server.address, b"guessed")
    with Client(server.address) as silent:
        silent.send_bytes(b"{}")
    worker = RemoteBudget(server.address, KEY)
    assert isinstance(worker.ask(0), Grant)
    worker.close()


def test_a_worker_without_its_driver_stops(budget: ReadBudget) -> None:
    """No answer is no leave to read."""
    with BudgetServer(budget, KEY) as server:
        worker = RemoteBudget(server.address, KEY)
        worker.ask(0)
    with pytest.raises(DriverLostError, match="this worker stops rather than read without it"):
        _ask_twice(worker)  # the first may still be answered while the server ends
    worker.close()
    with pytest.raises(DriverLostError, match="is gone"):
        RemoteBudget(server.address, KEY)


def _ask_twice(worker: RemoteBudget) -> None:
    worker.ask(0)
    worker.ask(0)
