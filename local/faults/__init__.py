"""Faults: a test pauses or fails requests that it describes, to attack at the moment it chooses."""

from local.faults.control import Faults, Hit, Planted
from local.faults.fault import Fault, Refusal
from local.faults.service import install

__all__ = ["Fault", "Faults", "Hit", "Planted", "Refusal", "install"]
