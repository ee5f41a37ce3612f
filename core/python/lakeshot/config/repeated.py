"""Names that a list has to have once."""

from collections.abc import Sequence


def refuse_repeated(what: str, names: Sequence[str]) -> None:
    """Raise ValueError, in the words of the file, if a name stands in the list ``what`` twice."""
    for number, name in enumerate(names):
        if name in names[:number]:
            raise ValueError(f"{what} names {name!r} more than once; name it once")
