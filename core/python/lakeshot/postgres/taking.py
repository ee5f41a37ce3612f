"""How a run has its rows: read by queries and encoded here, or written by the database itself."""

from collections.abc import Sequence
from functools import reduce

from lakeshot.columns.packed import pack, unpack
from lakeshot.columns.types import Column, widen
from lakeshot.commit.commit import Commit, snapshot_columns
from lakeshot.commit.part import PartResult
from lakeshot.config.deployed import Deployed
from lakeshot.postgres.column_types import ReadColumn
from lakeshot.postgres.landed_columns import binary_columns, landed_columns, landed_known
from lakeshot.postgres.landing import Landing
from lakeshot.postgres.reading import Reading, Taking


def starting_from(
    deployed: Deployed, known: Sequence[Column], reads: Sequence[ReadColumn]
) -> tuple[Column, ...]:
    """Columns of earlier snapshots that the run's files can start from."""
    if deployed.postgres[0].landing is None:
        return tuple(known)
    return landed_known(known, reads) if deployed.format.is_readable else ()


def taking(deployed: Deployed, what: Commit, reads: tuple[ReadColumn, ...], *, region: str) -> Taking:
    """What every reader does with a part."""
    landing = deployed.postgres[0].landing
    if landing is None:
        return Reading(reads, what.target)
    delimited = what.target.delimited
    columns = (
        landed_columns(snapshot_columns(what, ()), reads, delimited.delimiter)
        if delimited is not None
        else binary_columns(reads)
    )
    return Landing(columns, what.target, delimited, landing.kms_key, region)


def agreed(results: Sequence[PartResult]) -> list[PartResult]:
    """The results, each file with the types that hold the values of all of them.

    Only for files that landed: there, a value is the same text in the wider type.
    """
    schemas = {file.packed_columns for result in results for file in result.files if file.landed_etag}
    if len(schemas) <= 1:
        return list(results)
    columns = pack(
        tuple(
            same[0].model_copy(update={"type": reduce(widen, (column.type for column in same))})
            for same in zip(*map(unpack, schemas), strict=True)
        )
    )
    return [
        result.model_copy(
            update={
                "files": tuple(file.model_copy(update={"packed_columns": columns}) for file in result.files)
            }
        )
        for result in results
    ]
