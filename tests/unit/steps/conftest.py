"""The stage in memory, in which nobody waits."""

import pytest

from tests.unit.stage import Stage


@pytest.fixture
def stage(monkeypatch: pytest.MonkeyPatch) -> Stage:
    """Two deployed exports and their group; nothing ran yet."""
    monkeypatch.setattr("lakeshot.steps.stopping._POLL_SECONDS", 0)
    return Stage()
