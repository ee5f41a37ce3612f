"""What a crawler finds in files."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

import pyarrow as pa

Classification = Literal["parquet", "orc", "avro", "json", "csv"]


@dataclass(frozen=True, slots=True)
class Inferred:
    """Columns in order of appearance, lower case, of one or more files of one format.

    ``serde`` are SerDe parameters and ``table`` table parameters that the format needs beside them.
    """

    classification: Classification
    columns: dict[str, pa.DataType]
    rows: int
    serde: Mapping[str, str] = field(default_factory=dict)
    table: Mapping[str, str] = field(default_factory=dict)
