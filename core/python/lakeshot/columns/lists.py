"""Conversion of what lists hold, all elements of all lists at once."""

from collections.abc import Callable

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc


def map_elements(lists: pa.ListArray, convert: Callable[[pa.Array], pa.Array]) -> pa.ListArray:
    """The same lists with all their elements converted at once."""
    lengths = pc.fill_null(pc.list_value_length(lists), 0).to_numpy(zero_copy_only=False)
    offsets = np.concatenate(([0], np.cumsum(lengths))).astype(np.int32)
    return pa.ListArray.from_arrays(pa.array(offsets), convert(lists.flatten()), mask=pc.is_null(lists))
