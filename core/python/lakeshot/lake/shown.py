"""What a view shows: the rows of one whole snapshot, overlaid by the changes that were written since."""

from lakeshot.columns.types import Column
from lakeshot.files import FileFormat
from lakeshot.model import Model


class Layer(Model):
    """Snapshots that are read in the same way, because they have one table generation and the same columns.

    ``columns`` are all that their files have: in changes, ``lakeshot.columns.changes`` before the rows' own.
    Of the attributes to ``partition_by``, folders have the values. ``snapshots`` are partition values,
    and ``rows`` what was committed in them together.
    """

    generation: int
    format: FileFormat
    columns: tuple[Column, ...]
    partition_by: tuple[str, ...] = ()
    snapshots: tuple[str, ...]
    rows: int = 0


class Shown(Model):
    """A snapshot as a view shows it.

    ``columns`` are the rows' own, of the snapshot itself; those of older ones are the same or narrower.
    ``keys`` are the attributes that tell rows apart. ``base`` is the one whole snapshot, ``changes`` are
    those that follow it, up to ``snapshot``; none if that is whole itself. ``last_window`` is what the last
    window of the changes is called, after which nothing is known: the instant that the snapshot shows, which
    it is mostly, but not always, called after itself.
    """

    snapshot: str
    columns: tuple[Column, ...]
    keys: tuple[str, ...]
    base: Layer
    changes: tuple[Layer, ...] = ()
    last_window: str

    @property
    def own(self) -> Layer:
        """The snapshot's own partition, without those that are read in the same way."""
        layers = self.changes or (self.base,)
        layer = next(layer for layer in layers if self.snapshot in layer.snapshots)
        return layer.model_copy(update={"snapshots": (self.snapshot,)})
