"""What holds for every test."""

import os

from hypothesis import settings

# How long an example takes says more about the machine than about the code.
settings.register_profile("whole", deadline=None)
settings.register_profile("fast", deadline=None, max_examples=15)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "whole"))
