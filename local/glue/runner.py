"""One job run: a process group under the job's role, ended by itself, by a stop or by its timeout."""

import os
import signal
import subprocess
import threading
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from time import monotonic

from local.glue.job import LIVE, Job, JobRun
from local.glue.logs import JobLog
from local.glue.network import Network, network_in
from local.glue.python_environment import PythonEnvironment
from local.glue.spark import bootstrap_command, spark_environment
from local.glue.subnet import find_subnet
from local.hooks import Credentials, role_credentials
from local.hooks.glue import role_arn

POLL_SECONDS = 0.1


@dataclass
class Runner:
    """Runs one JobRun; ``directory`` holds what runs share (interpreter, modules) and each run's own."""

    account: str
    region: str
    job: Job
    run: JobRun
    directory: Path
    _process: subprocess.Popen[bytes] | None = None
    _stopped: bool = False
    _starting: threading.Lock = field(default_factory=threading.Lock)

    def execute(self) -> None:
        """Run the job to its end; whatever happens, the run ends in a final state."""
        try:
            self._execute()
        except Exception as error:  # noqa: BLE001 - a run that never ends would hang whoever waits for it
            self.run.end("FAILED", f"{type(error).__name__}: {error}")

    def stop(self) -> bool:
        """Begin to stop a live run, or return False when it has ended already."""
        with self._starting:
            if self.run.job_run_state not in LIVE:
                return False
            self.run.job_run_state = "STOPPING"
            self._stopped = True
            if self._process is not None:
                _kill(self._process)
        return True

    def _execute(self) -> None:
        credentials = role_credentials(
            role_arn(self.account, self.job.role), "GlueJobRunnerSession", service="glue.amazonaws.com"
        )
        subnet = find_subnet(self.job.connections.connections, credentials, self.region, self.account)
        home = self.directory / self.run.id
        home.mkdir(parents=True)
        s3 = credentials.session(self.region).client("s3")
        arguments = self.job.arguments(self.run)
        python = PythonEnvironment.prepare(
            self.directory / "python" / "bin" / "python", s3, arguments, home, self.directory / "modules"
        )
        script = python.fetch(s3, self.job.command.script_location, home)
        command = bootstrap_command(python, script, arguments, home)
        environment = self._environment(credentials, python, arguments, home)
        with network_in(subnet, self.directory.parent) as network:
            self._run(home, [*network.wrapper, *command], environment, network)

    def _run(self, home: Path, command: list[str], environment: dict[str, str], network: Network) -> None:
        log = JobLog(self.run.id, home, self.region)
        with self._starting:
            if self._stopped:
                self.run.end("STOPPED")
                return
            with log.files() as (output, error):
                error.write(f"{network.warning}\n".encode() if network.warning else b"")
                error.flush()
                process = self._process = subprocess.Popen(  # noqa: S603 - the deployed script, as Glue runs it
                    command,
                    env={**environment, **network.environment},
                    pass_fds=network.descriptors,
                    cwd=home,
                    stdin=subprocess.PIPE,
                    stdout=output,
                    stderr=error,
                    start_new_session=True,
                )
            self.run.job_run_state = "RUNNING"
        with process:
            timed_out = self._wait(process, log)
        self._end(process.returncode, timed_out, home / "exception")

    def _environment(
        self, credentials: Credentials, python: PythonEnvironment, arguments: dict[str, str], home: Path
    ) -> dict[str, str]:
        return (
            spark_environment(python, arguments, home)
            | credentials.environment()
            | {
                "AWS_ENDPOINT_URL": os.environ["AWS_ENDPOINT_URL"],
                "AWS_CA_BUNDLE": os.environ["AWS_CA_BUNDLE"],
                "AWS_REGION": self.region,
                "AWS_DEFAULT_REGION": self.region,
            }
        )

    def _wait(self, process: subprocess.Popen[bytes], log: JobLog) -> bool:
        """Wait for the process, passing on what it writes; return whether its time ran out."""
        deadline = monotonic() + self.run.timeout * float(os.environ["LAKESHOT_GLUE_MINUTE_SECONDS"])
        timed_out = False
        while True:
            try:
                process.wait(POLL_SECONDS)
                break
            except subprocess.TimeoutExpired:
                log.forward()
                if not timed_out and monotonic() > deadline:
                    timed_out = True
                    _kill(process)
        # A job that ended may leave its JVM or Python workers behind.
        _kill(process)
        log.forward()
        return timed_out

    def _end(self, exit_code: int, timed_out: bool, exception: Path) -> None:
        if self._stopped:
            self.run.end("STOPPED")
        elif timed_out:
            self.run.end("TIMEOUT", "Job run exceeded its timeout")
        elif exit_code == 0:
            self.run.end("SUCCEEDED")
        elif exception.exists():
            self.run.end("FAILED", exception.read_text())
        else:
            self.run.end("FAILED", f"Command failed with exit code {exit_code}")


def _kill(process: subprocess.Popen[bytes]) -> None:
    """Kill the process group; Spark's Python workers, which leave it, end when their JVM does."""
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
