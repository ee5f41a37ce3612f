"""The demo, as a newcomer runs it."""

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.cloud
@pytest.mark.spark
def test_the_demo_measures_what_it_promises_and_leaves_nothing(tmp_path: Path) -> None:
    """From nothing to queried snapshots by both routes, without a prompt; the last line is measured."""
    told = subprocess.run(
        [sys.executable, "-m", "demo", "--json", "--items", "500"],
        cwd=ROOT,
        env={"PATH": "/usr/bin:/bin", "HOME": str(tmp_path), "TMPDIR": str(tmp_path)},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
        timeout=600,
    )
    assert told.returncode == 0, told.stderr
    assert re.findall(r"^ +route +(\w+):", told.stderr, re.MULTILINE) == ["scan", "native", "scan", "query"]
    result = json.loads(told.stdout.splitlines()[-1])
    assert result.pop("seconds") > 0
    assert result == {
        "snapshots_rows": 4,
        "view_rows": 2,
        "large": {"rows_source": 500, "rows_view": 500},
        "articles": {"rows_source": 2_000, "rows_view": 2_000},
    }
    assert list(tmp_path.glob("lakeshot-demo-*")) == []
