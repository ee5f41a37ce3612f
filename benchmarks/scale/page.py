"""Print the tables of docs/scale.md, or write them and the picture there."""

import argparse
import re
from collections.abc import Mapping
from pathlib import Path

from benchmarks.scale.constants import ASSUMED, MEASURED, PUBLISHED
from benchmarks.scale.model import Model
from benchmarks.scale.picture import picture
from benchmarks.scale.tables import tables

DOCS = Path(__file__).parents[2] / "docs"
PAGE, PICTURE = DOCS / "scale.md", DOCS / "scale.svg"
MODEL = Model(MEASURED, PUBLISHED, ASSUMED)
_PLACE = re.compile(r"(<!-- by the model: (.+?) -->\n).*?(<!-- end -->)", re.DOTALL)


def main(arguments: list[str]) -> int:
    """Print every table, or have the page show them."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks scale")
    parser.add_argument("--write", action="store_true", help="write them to docs/scale.md and docs/scale.svg")
    made = tables(MODEL)
    if parser.parse_args(arguments).write:
        PAGE.write_text(filled(PAGE.read_text(), made))
        PICTURE.write_text(picture(MODEL))
        return 0
    for name, table in made.items():
        print(f"{name}\n\n{table}\n")
    return 0


def filled(page: str, made: Mapping[str, str]) -> str:
    """The page with each table in its place."""
    return _PLACE.sub(lambda place: f"{place[1]}{made[place[2]]}\n{place[3]}", page)
