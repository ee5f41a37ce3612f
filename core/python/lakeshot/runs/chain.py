"""The snapshots that one is made of: a whole one, and the changes that follow it one after the other."""

from collections.abc import Callable

from lakeshot.errors import CatalogError
from lakeshot.runs.snapshots import Snapshot


def chain(newest: Snapshot, find: Callable[[str], Snapshot | None]) -> tuple[Snapshot, ...]:
    """The whole snapshot first and ``newest`` last; CatalogError if one that it needs is gone.

    ``find`` looks a snapshot up by its name.
    """
    links = [newest]
    while (follows := links[-1].follows) is not None:
        found = find(follows)
        if found is None or found.state != "verified":
            raise CatalogError(
                f"snapshot {newest.snapshot} holds what changed since snapshot {follows}, which is "
                "not there any more, so no view can show it; export the whole table again (full: true in the "
                "payload)"
            )
        links.append(found)
    return tuple(reversed(links))
