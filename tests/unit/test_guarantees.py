"""Every test that docs/guarantees.md names exists."""

import ast
import re
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2]
PAGE = (REPOSITORY / "docs" / "guarantees.md").read_text(encoding="utf-8")
HERE = REPOSITORY / "tests" / "cloud" / "pipeline"
"""Where paths lie that name no folder of the repository, as the page says."""
NAMED = re.findall(r"`([\w/]+(?:\.py|/))(?:::(\w+))?`", PAGE)


def place(path: str) -> Path:
    return REPOSITORY / path if path.startswith(("tests/", "benchmarks/")) else HERE / path


def functions(path: Path) -> set[str]:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}


def test_every_file_and_folder_that_is_named_exists() -> None:
    """A test that was moved or removed is missed here, not by a reader."""
    assert len(NAMED) > 20
    assert [path for path, _ in NAMED if not place(path).exists()] == []


def test_every_function_that_is_named_exists() -> None:
    """Likewise for a test within a file."""
    named = [(path, function) for path, function in NAMED if function]
    assert named
    assert [one for one in named if one[1] not in functions(place(one[0]))] == []
