"""The CDK command, run as a person runs it: its output goes to a log."""

import os
import signal
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from demo.narrator import DemoError

REPOSITORY = Path(__file__).resolve().parents[1]
_COMMAND = REPOSITORY / "node_modules" / ".bin" / "cdk"
_LAST_LINES = 15
_STACKS_AT_ONCE = "12"
"""The CDK looks after a stack every five seconds, whoever deploys it sooner."""


@dataclass(frozen=True)
class Cdk:
    """Synthesises once into ``directory`` and deploys what was synthesised, with the environment given."""

    directory: Path
    environment: Mapping[str, str]

    @property
    def log(self) -> Path:
        """All that the command said."""
        return self.directory / "cdk.log"

    @property
    def _assembly(self) -> str:
        return str(self.directory / "cdk.out")

    def synth(self, config: Path) -> None:
        """Write the templates for a config."""
        self._run(
            "synth", "--quiet", "--output", self._assembly, "-c", f"config={config}", "-c", "wheels=local"
        )

    def bootstrap(self) -> None:
        """Make what the CDK itself needs in an account."""
        self._run("bootstrap", "--app", self._assembly)

    def deploy(self) -> None:
        """Deploy every stack."""
        approved = ("--require-approval", "never")
        self._run("deploy", "--app", self._assembly, "--all", *approved, "--concurrency", _STACKS_AT_ONCE)

    def _run(self, *arguments: str) -> None:
        if not _COMMAND.exists():
            raise DemoError(f"the CDK command is not installed ({_COMMAND} is missing): make install")
        self.directory.mkdir(parents=True, exist_ok=True)
        with self.log.open("ab") as log:
            process = subprocess.Popen(  # noqa: S603 - the pinned CDK command and our own arguments
                [str(_COMMAND), *arguments],
                cwd=REPOSITORY,
                env=self._environment(),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
            try:
                code = process.wait()
            except BaseException:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()
                raise
        if code != 0:
            tail = "\n".join(self.log.read_text(errors="replace").splitlines()[-_LAST_LINES:])
            raise DemoError(
                f"`cdk {arguments[0]}` ended with exit code {code}; the end of its output:\n{tail}"
            )

    def _environment(self) -> dict[str, str]:
        """This interpreter and its Node first; no AWS settings but those given."""
        inherited = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
        own_programs = Path(sys.executable).parent
        return {
            **inherited,
            "PATH": f"{own_programs}{os.pathsep}{inherited.get('PATH', '')}",
            "CDK_DISABLE_CLI_TELEMETRY": "true",
            **self.environment,
        }
