"""The interpreter of Glue jobs: a virtual environment of what Glue preinstalls, made of links.

Source of the packages: https://docs.aws.amazon.com/glue/latest/dg/aws-glue-programming-python-libraries.html
"""

import venv
from importlib.metadata import distribution
from pathlib import Path

SHARED = ("pyspark", "py4j", "pyarrow", "numpy", "pandas", "pytz", "tzdata")
"""Large packages that the running environment has at Glue's version already."""


class PreinstalledMissingError(Exception):
    """The packages of Glue's own versions were not installed; the message says how to."""


def make_interpreter(directory: Path, preinstalled: Path) -> Path:
    """Make a virtual environment in ``directory`` and return its Python.

    It has the packages in ``preinstalled`` (``requirements/glue-5.1.txt``) and SHARED ones, and no others:
    what a job needs beyond them must come from its wheels. Raises PreinstalledMissingError.
    """
    if not (preinstalled / "boto3").is_dir():
        raise PreinstalledMissingError(
            f"{preinstalled} does not hold what Glue preinstalls: run `pip install --no-deps "
            f"--target {preinstalled} --requirement requirements/glue-5.1.txt` (`make install` does)"
        )
    venv.create(directory, with_pip=False, symlinks=True, clear=True)
    packages = next((directory / "lib").glob("python3.*")) / "site-packages"
    linked = {source for name in SHARED for source in _top_level(name)} | set(preinstalled.iterdir())
    for source in linked:
        (packages / source.name).symlink_to(source)
    return directory / "bin" / "python"


def _top_level(name: str) -> set[Path]:
    """Find what a distribution has at the top of site-packages."""
    found = distribution(name)
    root = Path(str(found.locate_file(""))).resolve()
    names = {file.parts[0] for file in found.files or [] if file.parts[0] not in {"..", "__pycache__"}}
    return {root / top for top in names}
