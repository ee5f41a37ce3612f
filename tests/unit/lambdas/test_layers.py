"""The helper functions run with what their layers bring, and with no more."""

import os
import subprocess
import sys
from pathlib import Path

from tests.unit.services import ENVIRONMENT

REPOSITORY = Path(__file__).parents[3]
ONLY_IN_JOBS = ("fastavro", "isal", "pyarrow.orc", "pyarrow._orc")
"""What the public layer lacks: its Arrow knows no ORC, and nothing in it reads Avro or gunzips by ISA-L."""


def test_no_function_needs_what_the_layers_lack() -> None:
    """Rows of ORC and Avro files are counted all the same."""
    steps = sorted(path.stem for path in (REPOSITORY / "lambdas").glob("*.py"))
    code = (
        f"import sys; sys.modules.update(dict.fromkeys({ONLY_IN_JOBS!r})); "
        "sys.path[:0] = ['core/python', '.']; " + "; ".join(f"import lambdas.{step}" for step in steps)
    )
    environment = {**os.environ, **ENVIRONMENT.variables(), "AWS_DEFAULT_REGION": "us-east-1"}
    subprocess.run([sys.executable, "-c", code], cwd=REPOSITORY, env=environment, check=True)
    assert "verify_files" in steps
