"""Builds the zip of wheels that a Glue job installs from S3, so that it needs no internet.

``python wheels.py aws`` fetches the wheels for every selectable Glue version, for Amazon Linux;
``python wheels.py local`` fetches them for the interpreter that runs this, which is the one that
runs jobs on the embedded cloud. Versions and hashes come from ``requirements/glue.txt``.
"""

import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from zipfile import ZIP_STORED, ZipFile, ZipInfo

ROOT = Path(__file__).parent
LOCK = ROOT / "requirements" / "glue.txt"
PYTHON_OF_GLUE = {"5.1": "3.11", "6.0": "3.13"}
PLATFORMS = ("manylinux2014_x86_64", "manylinux_2_28_x86_64", "manylinux_2_34_x86_64")
"""Glue 5 and later run on Amazon Linux 2023, whose glibc is 2.34."""


def build(target: str) -> None:
    """Write one zip per Glue version below ``build/wheels/<target>/``."""
    folder = ROOT / "build" / "wheels" / target
    folder.mkdir(parents=True, exist_ok=True)
    for glue_version, python in PYTHON_OF_GLUE.items():
        options = [] if target == "local" else _options(python)
        with TemporaryDirectory() as downloads:
            _download(Path(downloads), options)
            _zip(Path(downloads), folder / f"glue-{glue_version}.gluewheels.zip")


def _options(python: str) -> list[str]:
    platforms = [option for platform in PLATFORMS for option in ("--platform", platform)]
    return ["--python-version", python, "--implementation", "cp", *platforms]


def _download(folder: Path, options: list[str]) -> None:
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-deps"]
    command += ["--only-binary=:all:", "--require-hashes", "--requirement", str(LOCK), "--dest", str(folder)]
    subprocess.run([*command, *options], check=True)  # noqa: S603 - our own interpreter and lock


def _zip(wheels: Path, target: Path) -> None:
    """Pack wheels as Glue wants them: a folder ``wheels`` that also lists what to install from it.

    Equal wheels give an equal file, and with it an unchanged asset. Source: AWS Glue developer guide,
    "Using Python libraries", appendix on the zip of wheels.
    """
    found = sorted(wheels.glob("*.whl"))
    requirements = [
        f"{name}=={version}\n" for name, version, *_ in (wheel.name.split("-") for wheel in found)
    ]
    with ZipFile(target, "w", ZIP_STORED) as archive:
        archive.writestr(ZipInfo("wheels/requirements.txt"), "".join(requirements))
        for wheel in found:
            archive.writestr(ZipInfo(f"wheels/{wheel.name}"), wheel.read_bytes())


if __name__ == "__main__":
    if sys.argv[1:] not in (["aws"], ["local"]):
        sys.exit("usage: python wheels.py aws|local")
    build(sys.argv[1])
