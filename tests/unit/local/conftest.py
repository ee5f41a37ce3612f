"""Fixtures of the stand-ins' own tests; none of them knows the product."""

import pytest

from tests.unit.local.lake_in_memory import Lake


@pytest.fixture
def lake() -> Lake:
    """An empty data lake."""
    return Lake()
