"""A file of a part: where its bytes wait in S3, and what its rows hold."""

from collections.abc import Iterable, Sequence
from typing import Self

from pydantic import ConfigDict

from lakeshot.columns.packed import pack, unpack
from lakeshot.columns.types import Column
from lakeshot.files.upload import UncommittedFile


class PartFile(UncommittedFile):
    """An uncommitted file and its schema, packed because a run has thousands of them.

    ``packed_columns`` are what this file's rows hold, which other files of the snapshot may widen.
    ``filled`` has a bit for each of them, the lowest bit of the first byte for the first column: whether
    any row has a value there.
    """

    model_config = ConfigDict(ser_json_bytes="base64", val_json_bytes="base64")

    packed_columns: bytes
    filled: bytes

    @classmethod
    def of(cls, file: UncommittedFile, columns: Sequence[Column], filled: Iterable[str] = ()) -> Self:
        """The file with its columns; ``filled`` are the attributes that have a value in some row."""
        attributes = set(filled)
        bits = sum(1 << index for index, column in enumerate(columns) if column.source in attributes)
        return cls(
            **dict(file),
            packed_columns=pack(tuple(columns)),
            filled=bits.to_bytes((len(columns) + 7) // 8, "little"),
        )

    @property
    def columns(self) -> tuple[Column, ...]:
        """What this file's rows hold."""
        return unpack(self.packed_columns)


def filled_attributes(files: Iterable[PartFile]) -> frozenset[str]:
    """The attributes that have a value in some row of some file."""
    bits: dict[bytes, int] = {}
    for file in files:
        known = bits.get(file.packed_columns, 0)
        bits[file.packed_columns] = known | int.from_bytes(file.filled, "little")
    return frozenset(
        column.source
        for packed, filled in bits.items()
        for index, column in enumerate(unpack(packed))
        if filled >> index & 1
    )
