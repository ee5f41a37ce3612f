"""Which class encodes which format. A new format is one more file and one more line here."""

from collections.abc import Mapping

from lakeshot.files import FileFormat
from lakeshot.files.encoder import Encoder
from lakeshot.files.json_lines import JsonLinesEncoder
from lakeshot.files.parquet import ParquetEncoder

ENCODERS: Mapping[FileFormat, type[Encoder]] = {
    FileFormat.PARQUET: ParquetEncoder,
    FileFormat.JSON: JsonLinesEncoder,
}
