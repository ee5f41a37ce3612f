"""How many examples a test tries that takes long for each."""

from hypothesis import settings


def at_most(examples: int) -> settings:
    """Settings with no more examples than this, and no more than the profile has."""
    return settings(
        max_examples=min(examples, settings.default.max_examples if settings.default else examples)
    )
