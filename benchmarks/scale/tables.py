"""The model's figures as the tables of docs/scale.md, by name."""

from collections.abc import Mapping

from benchmarks.scale.constants import ASSUMED, MEASURED, MEASURED_ON, PUBLISHED
from benchmarks.scale.markdown import gigabytes, microseconds, minutes, per_second, table
from benchmarks.scale.model import Export, Model
from benchmarks.scale.otherwise import USUAL_READERS, otherwise

BILLION = 1_000_000_000
READERS = (1, 4, 8, 16, 32)
PACES = (20, 50, 100, 200)
_SIZES = {"100 GB": BILLION, "1 TB": 10 * BILLION}
_TIMES = (
    *("readers", "workers", "minutes", "DPU-hours", "Glue 5.1", "Glue 6.0"),
    *("MB/s sent", "pages/s", "database cores", "bound by"),
)


def tables(model: Model) -> Mapping[str, str]:
    """Every table in Markdown, by the name that the page calls it."""
    made = {
        "beside": _beside(model),
        "load": _load(model),
        "paces": _paces(model),
        "constants": _constants(model),
    }
    for size, rows in _SIZES.items():
        made[f"{size} from storage"] = _times(model, rows, in_memory=False)
    return made | {"100 GB in memory": _times(model, BILLION, in_memory=True), "otherwise": otherwise()}


def _times(model: Model, rows: int, *, in_memory: bool) -> str:
    lines = []
    for readers in READERS:
        export = Export(rows, readers, in_memory)
        taken = model.estimate(export)
        lines.append(
            (
                readers,
                export.workers,
                minutes(taken.seconds),
                f"{taken.dpu_hours:.2f}",
                f"${taken.dollars('5.1'):.2f}",
                f"${taken.dollars('6.0'):.2f}",
                f"{taken.sent_mb_per_second:,.0f}",
                f"{taken.pages_per_second:,.0f}",
                f"{taken.server_cores:.1f}",
                taken.bound,
            )
        )
    return table(_TIMES, lines)


def _beside(model: Model) -> str:
    ours = model.estimate(Export(PUBLISHED.rows, USUAL_READERS))
    as_many = model.estimate(Export(PUBLISHED.rows, PUBLISHED.hashed_readers + 1))
    failed = " and ".join(str(hours) for hours in PUBLISHED.failed_after_hours)
    return table(
        ("", "minutes", "the table's pages are read", "moments"),
        [
            ("Glue's defaults, one reader", f"fails after {failed} hours: no space left on device", "", ""),
            ("`aws_s3`, one session, CSV", minutes(PUBLISHED.aws_s3_seconds), "once", "one"),
            (
                "seven hashed readers, shuffle in S3",
                minutes(PUBLISHED.hashed_seconds),
                "7 times",
                "seven",
            ),
            ("the same by the model", minutes(model.hashed_seconds()), "7 times", "seven"),
            ("Lakeshot by the model, 8 readers on 3 workers", minutes(as_many.seconds), "once", "one"),
            (
                f"Lakeshot by the model, {USUAL_READERS} readers on 5 workers",
                minutes(ours.seconds),
                "once",
                "one",
            ),
        ],
    )


def _load(model: Model) -> str:
    seven = PUBLISHED.hashed_readers
    return table(
        ("", *_SIZES),
        [
            ("rows", *(f"{rows:,}" for rows in _SIZES.values())),
            ("pages read, once", *(f"{model.pages(rows) / 1e6:,.1f} million" for rows in _SIZES.values())),
            ("which are", *(gigabytes(rows * MEASURED.page_bytes) for rows in _SIZES.values())),
            ("rows sent, as text", *(gigabytes(rows * MEASURED.sent_bytes) for rows in _SIZES.values())),
            (
                "files, Parquet with snappy",
                *(gigabytes(rows * MEASURED.file_bytes) for rows in _SIZES.values()),
            ),
            (
                "the database's processor seconds",
                *(f"{model.server_seconds(rows):,.0f}" for rows in _SIZES.values()),
            ),
            (
                f"those of {seven} hashed readers",
                *(f"{rows * MEASURED.hashed_server_seconds:,.0f}" for rows in _SIZES.values()),
            ),
            (
                "Aurora's price of reading the pages",
                *(f"${model.storage_dollars(rows):,.2f}" for rows in _SIZES.values()),
            ),
            (
                f"that for {seven} hashed readers",
                *(f"${model.storage_dollars(rows) * seven:,.2f}" for rows in _SIZES.values()),
            ),
        ],
    )


def _paces(model: Model) -> str:
    lines = []
    for pace in PACES:
        taken = {
            size: model.estimate(Export(rows, USUAL_READERS, max_mb_per_second=pace))
            for size, rows in _SIZES.items()
        }
        cores = taken["100 GB"].server_cores
        dollars = taken["100 GB"].dollars("5.1")
        times = [minutes(estimate.seconds) for estimate in taken.values()]
        lines.append((pace, *times, f"{cores:.1f}", f"${dollars:.2f}"))
    names = ("`max_mb_per_second`", *(f"minutes, {size}" for size in _SIZES))
    return table((*names, "database cores", "Glue 5.1, 100 GB"), lines)


def _constants(model: Model) -> str:
    per_row = {
        "the table's pages": f"{MEASURED.page_bytes:.0f} bytes",
        "rows as text": f"{MEASURED.sent_bytes:.0f} bytes",
        "Parquet, snappy": f"{MEASURED.file_bytes:.0f} bytes",
        "the server's processor": microseconds(MEASURED.server_seconds),
        "the same, seven hashed readers together": microseconds(MEASURED.hashed_server_seconds),
        "a Spark worker's processor": microseconds(MEASURED.worker_seconds),
    }
    assumed = {
        "waits for Aurora's storage": (
            microseconds(model.storage_seconds),
            "from the published time of `aws_s3`",
        ),
        "cores of the database": (f"{ASSUMED.server_cores}", "db.r5.2xlarge, as published"),
        "its network, each way": (
            per_second(ASSUMED.server_network_bytes),
            "as EC2's with 8 vCPUs, no bursts",
        ),
        "a worker's network": (per_second(ASSUMED.worker_network_bytes), "as EC2's with 4 vCPUs, no bursts"),
        "start of the job": (f"{ASSUMED.start_seconds:.0f} s", "billed; Spark alone took 10 s here"),
    }
    lines = [(f"{name}, a row", value, "measured") for name, value in per_row.items()]
    lines += [(name, value, f"assumed: {why}") for name, (value, why) in assumed.items()]
    return f"Measured on {MEASURED_ON}.\n\n{table(('', '', 'from'), lines)}"
