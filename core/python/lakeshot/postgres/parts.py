"""One part of what a query reads."""

from lakeshot.model import Model


class QueryPart(Model):
    """What one task reads on its own: SQL after FROM, and conditions that its rows fulfil, all of them.

    ``bytes`` estimates what the server reads for it.
    """

    number: int
    relation: str
    conditions: tuple[str, ...] = ()
    bytes: int
