"""ORC files read through the types the catalog declares, as Athena's ORC reader does.

Columns are found by position (Athena's default for ORC), or by name in lower case where the SerDe says
``orc.column.index.access`` is ``false``; one that the file lacks is null.
https://docs.aws.amazon.com/athena/latest/ug/handling-schema-updates-chapter.html
"""

from collections.abc import Mapping, Sequence

import pyarrow as pa
from pyarrow import orc

from local.athena.errors import QueryError
from local.athena.parquet_files import readable_as
from local.lake.hive_types import hive_type
from local.lake.objects import ObjectStore, StoredObject

ORC = "org.apache.hadoop.hive.ql.io.orc.OrcSerde"


def is_read_by_name(parameters: Mapping[str, str]) -> bool:
    """Whether a SerDe with these parameters finds columns by name."""
    return parameters.get("orc.column.index.access", "true").lower() == "false"


def read_orc(
    store: ObjectStore,
    stored: StoredObject,
    declared: Mapping[str, pa.DataType],
    *,
    columns: Sequence[str],
    parameters: Mapping[str, str],
) -> pa.Table:
    """Return the file's rows with exactly the declared columns; ``columns`` are all of them, in order."""
    try:
        file = orc.ORCFile(pa.PythonFile(store.open(stored), mode="r"))
        fields = list(file.schema)
        if is_read_by_name(parameters):
            physical = {field.name.lower(): field for field in fields}
        else:
            physical = dict(zip(columns, fields, strict=False))
        for name, kind in declared.items():
            if name in physical and not readable_as(physical[name].type, kind):
                raise QueryError(
                    "HIVE_BAD_DATA",
                    f"Malformed ORC file. Cannot read type '{hive_type(kind)}' of column {name} from ORC "
                    f"stream '{physical[name].name}' of type {hive_type(physical[name].type)} [{stored.uri}]",
                )
        present = [physical[name].name for name in declared if name in physical]
        rows = file.read(columns=present)
    except (pa.ArrowException, OSError) as error:
        raise QueryError("HIVE_BAD_DATA", f"Malformed ORC file {stored.uri}: {error}") from error
    arrays = [
        rows.column(physical[name].name).cast(kind) if name in physical else pa.nulls(file.nrows, kind)
        for name, kind in declared.items()
    ]
    return pa.Table.from_arrays(arrays, schema=pa.schema(list(declared.items())))


def row_count(store: ObjectStore, stored: StoredObject) -> int:
    """Return the number of rows the file's footer states."""
    try:
        return int(orc.ORCFile(pa.PythonFile(store.open(stored), mode="r")).nrows)
    except (pa.ArrowException, OSError) as error:
        raise QueryError("HIVE_BAD_DATA", f"Malformed ORC file {stored.uri}: {error}") from error
