"""What every command works with: the deployments it may look at, where it prints, and the time."""

import shutil
from dataclasses import dataclass, field
from pathlib import Path
from typing import TextIO

import exports_file
from lakeshot.config.exports import Config, parse_config
from operate.deployment import Deployment, deployments
from operate.views import LiveBlock, PlainLines, View
from operate.watching import Clock, SystemClock

DEFAULT_FILE = Path("exports.yaml")


@dataclass(frozen=True)
class Output:
    """Where results go and where a person is told things; the same place unless JSON was asked for."""

    results: TextIO
    messages: TextIO

    def tell(self, text: str) -> None:
        """Say something to a person."""
        print(text, file=self.messages, flush=True)

    def result(self, text: str) -> None:
        """Give what was asked for."""
        print(text, file=self.results, flush=True)

    def view(self) -> View:
        """How to show a run where messages go."""
        if self.messages.isatty():
            return LiveBlock(self.messages, width=lambda: shutil.get_terminal_size().columns)
        return PlainLines(self.messages)


@dataclass(frozen=True)
class Context:
    """One command's surroundings. Nothing is read and no client is made before it is asked for."""

    output: Output
    file: Path = DEFAULT_FILE
    stage: str | None = None
    clock: Clock = field(default_factory=SystemClock)

    def config(self) -> Config:
        """The config, with the stage replaced if another was given."""
        config = exports_file.load(self.file)
        if self.stage is None:
            return config
        return parse_config(config.model_dump() | {"stage": self.stage}, origin=f"{self.file} with --stage")

    def deployments(self) -> tuple[Deployment, ...]:
        """The stage in each region the config names; with a stage and no config, in the environment's own."""
        if self.stage is not None and not self.file.exists():
            return deployments(self.stage, [None])
        config = self.config()
        return deployments(config.stage, list(config.regions()))
