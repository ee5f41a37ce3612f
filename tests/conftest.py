"""What holds for every test."""

import os

import pytest
from hypothesis import settings

pytest_plugins = ["tests.postgres_server"]

# How long an example takes says more about the machine than about the code.
settings.register_profile("whole", deadline=None)
settings.register_profile("fast", deadline=None, max_examples=15)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "whole"))

LONGEST = ("test_permissions.py", "test_state_sizes.py")
"""Files of few tests that take minutes each: begun last, one worker would wait for the other."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put the longest files first; all else stays in its order."""
    items.sort(key=lambda item: not (item.get_closest_marker("cloud") and item.path.name in LONGEST))
