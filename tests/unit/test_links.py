"""Every link from one document of the repository to another leads somewhere."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parents[2]
NOT_OURS = {".venv", "node_modules", "build", "cdk.out"}
LINK = re.compile(r"\]\(([^)\s]+)\)")
DOCUMENTS = sorted(
    path for path in REPOSITORY.rglob("*.md") if not NOT_OURS & set(path.relative_to(REPOSITORY).parts)
)


def broken(document: Path) -> Iterator[str]:
    """Links of a document to a file that is not there, or to a heading that its page does not have."""
    for link in LINK.findall(document.read_text(encoding="utf-8")):
        path, _, heading = str(link).partition("#")
        page = (document.parent / path) if path else document
        if "://" in link:
            continue
        if not page.exists() or (heading and heading not in headings(page)):
            yield link


def headings(page: Path) -> set[str]:
    """What a page's headings are called in links."""
    found = re.findall(r"^#+ (.+)$", page.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in found}


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(REPOSITORY)))
def test_links_lead_somewhere(document: Path) -> None:
    """A page that was renamed is missed here, not by a reader."""
    assert list(broken(document)) == []


def test_a_link_that_leads_nowhere_is_found(tmp_path: Path) -> None:
    """To a missing page, to a missing heading, and not to those that are there."""
    page = tmp_path / "page.md"
    page.write_text("# One, *two*\n[a](page.md#one-two) [b](none.md) [c](#three) [d](https://example.com)\n")
    assert list(broken(page)) == ["none.md", "#three"]
