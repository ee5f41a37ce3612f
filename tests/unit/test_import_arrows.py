"""Imports flow one way, as docs/architecture shows it."""

import ast
from collections.abc import Iterator
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parents[2]
FOLDERS = {
    "app": ["app.py"],
    "stacks": ["stacks"],
    "lambdas": ["lambdas"],
    "glue_scripts": ["glue_scripts"],
    "lakeshot": ["core/python/lakeshot"],
    "lakeshot_spark": ["core/python/lakeshot_spark"],
    "operate": ["operate"],
    "demo": ["demo"],
    "local": ["local"],
    "benchmarks": ["benchmarks"],
}
ROOTS = (REPOSITORY, REPOSITORY / "core" / "python")
STEPS = REPOSITORY / "core" / "python" / "lakeshot" / "steps"
OURS = frozenset(FOLDERS) | {"exports_file", "tests"}
ALLOWED = {
    "app": {"stacks", "lakeshot", "exports_file"},
    "stacks": {"lakeshot"},
    "lambdas": {"lakeshot"},
    "glue_scripts": {"lakeshot", "lakeshot_spark"},
    "lakeshot": set(),
    "lakeshot_spark": {"lakeshot"},
    "operate": {"lakeshot", "exports_file", "local"},
}


@pytest.mark.parametrize("package", sorted(ALLOWED))
def test_a_package_imports_only_what_lies_below_it(package: str) -> None:
    """An import against the arrows is found with its file and line."""
    against = [
        f"{path.relative_to(REPOSITORY)}:{line} imports {imported}"
        for path in _files(package)
        for line, imported in _imports(path)
        if imported in OURS - {package} and imported not in ALLOWED[package]
    ]
    assert against == []


@pytest.mark.parametrize(
    ("package", "library"),
    [("lakeshot", "pyspark"), ("lakeshot", "aws_cdk"), ("lakeshot", "ministack"), ("lambdas", "aws_cdk")],
)
def test_the_library_knows_no_engine_and_no_infrastructure(package: str, library: str) -> None:
    """No Spark, no CDK and no emulator in what is shipped to AWS."""
    imports = [(str(path), imported) for path in _files(package) for _, imported in _imports(path)]
    assert [path for path, imported in imports if imported == library] == []


def test_within_the_library_only_steps_import_steps() -> None:
    """What decides or moves rows knows nothing of functions, their services and their order."""
    against = [
        f"{path.relative_to(REPOSITORY)}:{line} imports {module}"
        for path in _files("lakeshot")
        if path.parent != STEPS
        for line, module in _modules(path)
        if module.startswith("lakeshot.steps")
    ]
    assert against == []
    assert list(STEPS.glob("*.py"))


def test_no_files_import_each_other_in_a_circle() -> None:
    """Not even for their types."""
    files = {_module(path, root): path for root in ROOTS for path in _below(root)}
    arrows = {
        module: {
            imported if imported in files else imported.rpartition(".")[0] for _, imported in _modules(path)
        }
        for module, path in files.items()
    }
    try:
        TopologicalSorter(arrows).prepare()
    except CycleError as error:
        pytest.fail(" imports ".join(reversed(error.args[1])))
    assert len(files) > len(FOLDERS)


def test_every_arrow_starts_at_code() -> None:
    """The test looks at real files, so it cannot pass by looking at none."""
    assert [package for package in ALLOWED if not list(_files(package))] == []


def _files(package: str) -> Iterator[Path]:
    for place in FOLDERS[package]:
        path = REPOSITORY / place
        yield from [path] if path.is_file() else sorted(path.rglob("*.py"))


def _below(root: Path) -> Iterator[Path]:
    for place in (place for places in FOLDERS.values() for place in places):
        path = REPOSITORY / place
        if path.parent == root:
            yield from [path] if path.is_file() else sorted(path.rglob("*.py"))


def _module(path: Path, root: Path) -> str:
    return ".".join(path.relative_to(root).with_suffix("").parts).removesuffix(".__init__")


def _imports(path: Path) -> Iterator[tuple[int, str]]:
    """Line and top-level package of every import of a file."""
    return ((line, module.split(".")[0]) for line, module in _modules(path))


def _modules(path: Path) -> Iterator[tuple[int, str]]:
    """Line and module of every import of a file; of a name, it is behind its module's."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
            yield from ((node.lineno, f"{node.module}.{alias.name}") for alias in node.names)
