"""Makes the virtual environment of what Glue preinstalls: ``python -m local.glue.preinstalled DIRECTORY``.

Source of the versions: https://docs.aws.amazon.com/glue/latest/dg/aws-glue-programming-python-libraries.html
"""

import subprocess
import sys
import venv
from importlib.metadata import distribution
from pathlib import Path

REQUIREMENTS = Path(__file__).resolve().parents[2] / "requirements" / "glue-5.1.txt"
LINKED = ("pyspark", "py4j", "pyarrow", "numpy", "pandas", "pytz", "tzdata")
"""Large packages of which this environment has Glue's version already."""


def make(directory: Path) -> None:
    """Create or complete the environment. Only what ``requirements/glue-5.1.txt`` names is downloaded."""
    venv.create(directory, with_pip=False, symlinks=True)
    packages = next((directory / "lib").glob("python3.*")) / "site-packages"
    install = [sys.executable, "-m", "pip", "install", "--quiet", "--require-hashes", "--no-deps"]
    subprocess.run(  # noqa: S603 - pip of this environment, on our own hashed lock
        [*install, "--upgrade", "--target", str(packages), "--requirement", str(REQUIREMENTS)], check=True
    )
    for name in LINKED:
        for source in _top_level(name):
            link = packages / source.name
            if not link.exists():
                link.symlink_to(source)


def _top_level(name: str) -> set[Path]:
    """Find what a distribution has at the top of site-packages."""
    found = distribution(name)
    root = Path(str(found.locate_file(""))).resolve()
    names = {file.parts[0] for file in found.files or [] if file.parts[0] not in {"..", "__pycache__"}}
    return {root / top for top in names}


if __name__ == "__main__":
    make(Path(sys.argv[1]))
