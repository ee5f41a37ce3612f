"""The addresses that subnets of the embedded cloud reach beside AWS, such as a test's database."""

from pathlib import Path


def let_subnets_reach(directory: Path, address: str) -> None:
    """Let jobs in every subnet reach ``host:port``, from their next run on, at that port of ``localhost``.

    ``directory`` is the instance's ``tmp``.
    """
    file = _file(directory)
    file.parent.mkdir(parents=True, exist_ok=True)
    with file.open("a", encoding="utf-8") as lines:
        lines.write(f"{address}\n")


def reachable(directory: Path) -> tuple[str, ...]:
    """All such addresses, each once."""
    file = _file(directory)
    return tuple(dict.fromkeys(file.read_text("utf-8").split())) if file.exists() else ()


def _file(directory: Path) -> Path:
    return directory / "glue" / "reachable"
