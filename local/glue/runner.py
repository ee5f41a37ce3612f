"""One job run: a process group under the job's role, ended by itself, by a stop or by its timeout."""

import os
import signal
import subprocess
import threading
from dataclasses import dataclass, field
from pathlib import Path
from time import monotonic

from local.glue.job import Job, JobRun
from local.glue.logs import JobLog
from local.glue.python_environment import PythonEnvironment
from local.glue.spark import bootstrap_command, spark_environment
from local.hooks import Credentials, role_credentials
from local.hooks.glue import role_arn

MINUTE_SECONDS = float(os.environ["LAKESHOT_GLUE_MINUTE_SECONDS"])
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
    _stopped: threading.Event = field(default_factory=threading.Event)

    def execute(self) -> None:
        """Run the job to its end; whatever happens, the run ends in a final state."""
        try:
            self._execute()
        except Exception as error:  # noqa: BLE001 - a run that never ends would hang whoever waits for it
            self.run.end("FAILED", f"{type(error).__name__}: {error}")

    def stop(self) -> bool:
        """Begin to stop a live run, or return False when it has ended already."""
        if self.run.job_run_state not in {"STARTING", "RUNNING", "STOPPING"}:
            return False
        self.run.job_run_state = "STOPPING"
        self._stopped.set()
        self._kill()
        return True

    def _execute(self) -> None:
        credentials = role_credentials(
            role_arn(self.account, self.job.role), "GlueJobRunnerSession", service="glue.amazonaws.com"
        )
        home = self.directory / self.run.id
        home.mkdir(parents=True)
        session = credentials.session(self.region)
        arguments = self.job.arguments(self.run)
        python = PythonEnvironment.prepare(
            self.directory / "python" / "bin" / "python", session, arguments, home, self.directory / "modules"
        )
        script = python.fetch(session, self.job.command.script_location, home)
        if self._stopped.is_set():
            self.run.end("STOPPED")
            return
        with (home / "output").open("wb") as output, (home / "error").open("wb") as error:
            self._process = subprocess.Popen(  # noqa: S603 - the deployed script, as Glue runs it
                bootstrap_command(python, script, arguments, home),
                env=self._environment(credentials, python, arguments, home),
                cwd=home,
                stdin=subprocess.PIPE,
                stdout=output,
                stderr=error,
                start_new_session=True,
            )
        self.run.job_run_state = "RUNNING"
        timed_out = self._wait(JobLog(self.run.id, home, self.region))
        self._end(self._process.returncode, timed_out, home / "exception")

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

    def _wait(self, log: JobLog) -> bool:
        """Wait for the process, passing on what it writes; return whether its time ran out."""
        process, deadline = self._process, monotonic() + self.run.timeout * MINUTE_SECONDS
        if process is None:
            return False
        timed_out = False
        while True:
            try:
                process.wait(POLL_SECONDS)
                break
            except subprocess.TimeoutExpired:
                log.forward()
                if not timed_out and monotonic() > deadline:
                    timed_out = True
                    self._kill()
        # A job that ended may leave its JVM or Python workers behind.
        self._kill()
        log.forward()
        return timed_out

    def _end(self, exit_code: int, timed_out: bool, exception: Path) -> None:
        if self._stopped.is_set():
            self.run.end("STOPPED")
        elif timed_out:
            self.run.end("TIMEOUT", "Job run exceeded its timeout")
        elif exit_code == 0:
            self.run.end("SUCCEEDED")
        elif exception.exists():
            self.run.end("FAILED", exception.read_text())
        else:
            self.run.end("FAILED", f"Command failed with exit code {exit_code}")

    def _kill(self) -> None:
        if self._process is None:
            return
        try:
            os.killpg(self._process.pid, signal.SIGKILL)
        except ProcessLookupError:
            return
