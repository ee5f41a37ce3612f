"""Orders of calls that broke an invariant once, or would without the safeguard against them."""

from collections.abc import Callable

import pytest

from tests.model.stories import STORIES, Story


@pytest.mark.usefixtures("library")
@pytest.mark.parametrize("tell", STORIES, ids=lambda tell: tell.__name__)
def test_readers_are_safe_from(tell: Callable[[Story], None]) -> None:
    """And nothing is left when everybody has come to rest."""
    tell(Story())
