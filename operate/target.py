"""What a run is of: one export, or a group of them."""

from collections.abc import Callable
from dataclasses import dataclass

from lakeshot.config.deployed import Deployed, DeployedGroup
from lakeshot.config.payload import GroupPayload, Payload
from lakeshot.runs.keys import export_key, group_key


@dataclass(frozen=True)
class Target:
    """A deployed export or a deployed group. ``members`` are the exports it runs: itself, or the group's."""

    members: tuple[Deployed, ...]
    group: DeployedGroup | None = None

    @property
    def name(self) -> str:
        """The name in exports.yaml; an export and a group never have the same."""
        return self.group.group if self.group is not None else self.members[0].export

    @property
    def stage(self) -> str:
        """The stage it is deployed in."""
        return self.members[0].stage

    @property
    def words(self) -> str:
        """What it is called in a sentence: ``export 'reviews'``."""
        return f"{'export' if self.group is None else 'group'} {self.name!r}"

    @property
    def option(self) -> str:
        """How make is told of it: ``EXPORT=reviews``."""
        return f"{'EXPORT' if self.group is None else 'GROUP'}={self.name}"

    @property
    def partition(self) -> Callable[[str], str]:
        """Which partition of the run table holds its lock and the records of its runs."""
        return export_key if self.group is None else group_key

    def payload(self) -> Payload | GroupPayload:
        """The payload that runs it as deployed."""
        return self.members[0].payload() if self.group is None else self.group.payload(self.members)
