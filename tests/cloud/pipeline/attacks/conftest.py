"""What attacks share: faults in the deployment's own cloud, gone after each test."""

from collections.abc import Iterator

import pytest

from local.faults import Faults
from tests.cloud.local.account import Account


@pytest.fixture
def faults(account: Account) -> Iterator[Faults]:
    faults = Faults(account.instance.settings.directory / "tmp")
    yield faults
    faults.remove_all()
