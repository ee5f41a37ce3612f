"""The folder through which tests and the server speak: faults as files, hits beside them, and decisions.

``<name>.json`` is a fault; removing it lets everything go on. Each request it hits is written to
``<name>/<number>.hit``, and what the test decides about it to ``<name>/<number>.decision``. Every file
appears whole, under its name, at once.
"""

from pathlib import Path

from pydantic import BaseModel

FAULT, HIT, DECISION = ".json", ".hit", ".decision"


def folder(temporary: Path) -> Path:
    """Where an instance with this directory for temporary files looks for faults."""
    return temporary / "faults"


def write(path: Path, content: BaseModel) -> None:
    """Write a file that nobody ever sees half written."""
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_name(f"{path.name}.unfinished")
    unfinished.write_text(content.model_dump_json())
    unfinished.replace(path)
