"""Every config that a document shows can be deployed."""

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from lakeshot.config.exports import parse_config

REPOSITORY = Path(__file__).resolve().parents[3]
PAGES = ("README.md", "docs/first-database.md", "docs/operations.md")
SHOWN = [
    (page, block)
    for page in PAGES
    for block in re.findall(r"```yaml\n(.*?)```", (REPOSITORY / page).read_text(encoding="utf-8"), re.DOTALL)
    if re.search("^(exports|groups):", block, re.MULTILINE)
]
TABLE = {"source": {"type": "dynamodb", "table": "Table"}}
SHOP = {"type": "postgres", "host": "db.example.com", "database": "shop", "secret": "shop/reader"}
COMMENTED = re.compile(r"^( *)# (connections|articles|orders|groups):\n(?:\1# .*\n)+", re.MULTILINE)
"""What the sample file has for those who want it, up to the next line that is no comment."""


@pytest.mark.parametrize(("page", "block"), SHOWN, ids=[f"{page}-{n}" for n, (page, _) in enumerate(SHOWN)])
def test_what_a_page_shows_is_accepted(page: str, block: str) -> None:
    """What an excerpt names and leaves out is taken for the plainest."""
    document: dict[str, Any] = yaml.safe_load(block)
    members = [member for group in document.get("groups", {}).values() for member in group["exports"]]
    exports = document.setdefault("exports", dict.fromkeys(members, TABLE))
    if any("connection" in export["source"] for export in exports.values()):
        document.setdefault("connections", {"shop": SHOP})
    assert parse_config(document, origin=page).exports.keys() == exports.keys()


def test_pages_show_some() -> None:
    """Nothing would be tried if blocks were not found any more."""
    assert {page for page, _ in SHOWN} == set(PAGES)


def test_what_the_sample_has_in_comments_is_accepted() -> None:
    """It only has to be uncommented; exports that are put into a group lose their schedules, as is said."""
    sample = (REPOSITORY / "exports.yaml").read_text(encoding="utf-8")
    document = yaml.safe_load(COMMENTED.sub(lambda found: re.sub("(?m)^( *)# ", r"\1", found[0]), sample))
    del document["exports"]["reviews"]["schedule"]
    config = parse_config(document)
    assert sorted(config.exports) == ["articles", "events", "orders", "reviews"]
    assert (list(config.connections), list(config.groups)) == (["shop"], ["nightly"])
