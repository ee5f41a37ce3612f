"""The snapshots that one is made of: a whole one, and the changes that follow it one after the other."""

from collections.abc import Iterable

from lakeshot.errors import CatalogError
from lakeshot.runs.snapshots import Snapshot


def chain(newest: Snapshot, entries: Iterable[Snapshot]) -> tuple[Snapshot, ...]:
    """The whole snapshot first and ``newest`` last; CatalogError if one that it needs is gone."""
    known = {entry.snapshot: entry for entry in entries if entry.state == "verified"}
    links = [newest]
    while (follows := links[-1].follows) is not None:
        if follows not in known:
            raise CatalogError(
                f"snapshot {newest.snapshot} holds what changed since snapshot {follows}, which is "
                "not there any more, so no view can show it; export the whole table again (full: true in the "
                "payload)"
            )
        links.append(known[follows])
    return tuple(reversed(links))
