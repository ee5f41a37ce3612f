"""What a reader tells of the pages that it has had its server look at."""

from typing import Self

from lakeshot.model import Model


class PagesRead(Model):
    """Pages that were looked at, and how many of these the server had in its cache.

    ``is_all`` is false if there were more that nobody can tell of any more.
    """

    looked: int = 0
    cached: int = 0
    is_all: bool = True

    def __add__(self, other: Self) -> Self:
        """All of both."""
        return self.model_copy(
            update={
                "looked": self.looked + other.looked,
                "cached": self.cached + other.cached,
                "is_all": self.is_all and other.is_all,
            }
        )

    def since(self, before: Self) -> Self:
        """What came after an earlier count."""
        return self.model_copy(
            update={"looked": self.looked - before.looked, "cached": self.cached - before.cached}
        )
