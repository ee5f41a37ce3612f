"""The Python a job sees: what Glue preinstalls, the wheels it was given, its extra files, nothing else."""

import hashlib
import os
import subprocess
import sys
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Self
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client


class ModuleInstallError(Exception):
    """``--additional-python-modules`` could not be installed; the message is the installer's own."""


@dataclass(frozen=True)
class PythonEnvironment:
    """An interpreter that has Glue's packages, and what comes before those on its path."""

    python: Path
    path: tuple[Path, ...]

    @classmethod
    def prepare(
        cls, interpreter: Path, s3: "S3Client", arguments: dict[str, str], home: Path, modules: Path
    ) -> Self:
        """Fetch with the job's own client what the arguments name.

        Wheels are installed once per content under ``modules``. Raises ModuleInstallError, and what boto3
        raises when an object is missing or the role may not read it.
        """
        extra = [cls.fetch(s3, url, home) for url in _listed(arguments, "--extra-py-files")]
        wheels = [
            _installed(cls.fetch(s3, url, home), modules)
            for url in _listed(arguments, "--additional-python-modules")
        ]
        return cls(interpreter, (*extra, *wheels))

    @staticmethod
    def fetch(s3: "S3Client", url: str, directory: Path) -> Path:
        """Copy an S3 object into ``directory`` under its own name."""
        location = urlsplit(url)
        if location.scheme != "s3":
            raise ModuleInstallError(
                f"{url!r} is not an s3:// address, and the embedded cloud has no internet"
            )
        file = directory / Path(location.path).name
        s3.download_file(location.netloc, location.path.lstrip("/"), str(file))
        return file


def _listed(arguments: dict[str, str], name: str) -> list[str]:
    return [url for url in arguments.get(name, "").split(",") if url]


def _installed(package: Path, modules: Path) -> Path:
    """Install a wheel, or a ``.gluewheels.zip`` of wheels, into a directory named by its content."""
    digest = hashlib.sha256(package.read_bytes()).hexdigest()[:16]
    target = modules / digest
    if target.exists():
        return target
    wanted = [str(package)]
    if package.name.endswith(".gluewheels.zip"):
        unpacked = package.with_suffix(".unpacked")
        with zipfile.ZipFile(package) as archive:
            archive.extractall(unpacked)
        wheels = unpacked / "wheels"
        wanted = ["--find-links", str(wheels), "--requirement", str(wheels / "requirements.txt")]
    staging = modules / f"{digest}.{os.getpid()}.{package.parent.name}"
    install = [sys.executable, "-m", "pip", "--isolated", "install", "--quiet", "--no-index", "--no-deps"]
    done = subprocess.run(  # noqa: S603 - pip of this environment, on wheels from the cloud's own S3
        [*install, "--no-compile", "--target", str(staging), *wanted],
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise ModuleInstallError(f"{package.name}: {done.stderr.strip()}")
    try:
        staging.rename(target)
    except OSError:
        # Another run installed the same wheels meanwhile; its copy is as good.
        if not target.exists():
            raise
    return target
