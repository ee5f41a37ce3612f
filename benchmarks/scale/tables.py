"""The model's figures as the tables of docs/scale.md, by name."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from benchmarks.scale.constants import ASSUMED, MEASURED, MEASURED_ON, MICRO, PUBLISHED
from benchmarks.scale.model import MEGABYTE, Export, Model
from lakeshot.postgres.source import PostgresSource

BILLION = 1_000_000_000
READERS = (1, 4, 8, 16, 32)
USUAL_READERS = 16
PACES = (20, 50, 100, 200)
_SIZES = {"100 GB": BILLION, "1 TB": 10 * BILLION}
MOST_MINUTES: int = PostgresSource.model_fields["max_snapshot_minutes"].default
_FEW = 10
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
    return made | {"100 GB in memory": _times(model, BILLION, in_memory=True), "otherwise": _otherwise()}


def minutes(seconds: float) -> str:
    """Minutes for people: no more digits than mean something, and a star if no snapshot is held that long."""
    value = seconds / 60
    shown = f"{value:.1f}" if value < _FEW else f"{value:,.0f}"
    return f"{shown} *" if value > MOST_MINUTES else shown


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
    return _table(_TIMES, lines)


def _beside(model: Model) -> str:
    ours = model.estimate(Export(PUBLISHED.rows, USUAL_READERS))
    as_many = model.estimate(Export(PUBLISHED.rows, PUBLISHED.hashed_readers + 1))
    failed = " and ".join(str(hours) for hours in PUBLISHED.failed_after_hours)
    return _table(
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
    return _table(
        ("", *_SIZES),
        [
            ("rows", *(f"{rows:,}" for rows in _SIZES.values())),
            ("pages read, once", *(f"{model.pages(rows) / 1e6:,.1f} million" for rows in _SIZES.values())),
            ("which are", *(_gb(rows * MEASURED.page_bytes) for rows in _SIZES.values())),
            ("rows sent, as text", *(_gb(rows * MEASURED.sent_bytes) for rows in _SIZES.values())),
            ("files, Parquet with snappy", *(_gb(rows * MEASURED.file_bytes) for rows in _SIZES.values())),
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
    return _table((*names, "database cores", "Glue 5.1, 100 GB"), lines)


def _otherwise() -> str:
    """How the usual run of the reference case depends on what is assumed."""
    slow = replace(
        MEASURED,
        server_seconds=2 * MEASURED.server_seconds,
        worker_seconds=2 * MEASURED.worker_seconds,
        hashed_server_seconds=2 * MEASURED.hashed_server_seconds,
    )
    bursts = replace(
        ASSUMED,
        server_network_bytes=4 * ASSUMED.server_network_bytes,
        worker_network_bytes=4 * ASSUMED.worker_network_bytes,
    )
    twice = replace(PUBLISHED, aws_s3_seconds=2 * PUBLISHED.aws_s3_seconds)
    models = {
        "as assumed": Model(MEASURED, PUBLISHED, ASSUMED),
        "vCPUs half as fast as the cores measured on": Model(slow, PUBLISHED, ASSUMED),
        "storage half as fast": Model(MEASURED, twice, ASSUMED),
        "four times the network, as bursts": Model(MEASURED, PUBLISHED, bursts),
        "the same, and storage half as fast": Model(MEASURED, twice, bursts),
    }
    lines = []
    for words, model in models.items():
        few, many = (model.estimate(Export(BILLION, readers)) for readers in (4, USUAL_READERS))
        lines.append((words, minutes(few.seconds), minutes(many.seconds), many.bound))
    return _table(("if", "minutes, 4 readers", f"minutes, {USUAL_READERS} readers", "then bound by"), lines)


def _constants(model: Model) -> str:
    per_row = {
        "the table's pages": f"{MEASURED.page_bytes:.0f} bytes",
        "rows as text": f"{MEASURED.sent_bytes:.0f} bytes",
        "Parquet, snappy": f"{MEASURED.file_bytes:.0f} bytes",
        "the server's processor": _micro(MEASURED.server_seconds),
        "the same, seven hashed readers together": _micro(MEASURED.hashed_server_seconds),
        "a Spark worker's processor": _micro(MEASURED.worker_seconds),
    }
    assumed = {
        "waits for Aurora's storage": (_micro(model.storage_seconds), "from the published time of `aws_s3`"),
        "cores of the database": (f"{ASSUMED.server_cores}", "db.r5.2xlarge, as published"),
        "its network, each way": (_rate(ASSUMED.server_network_bytes), "as EC2's with 8 vCPUs, no bursts"),
        "a worker's network": (_rate(ASSUMED.worker_network_bytes), "as EC2's with 4 vCPUs, no bursts"),
        "start of the job": (f"{ASSUMED.start_seconds:.0f} s", "billed; Spark alone took 10 s here"),
    }
    lines = [(f"{name}, a row", value, "measured") for name, value in per_row.items()]
    lines += [(name, value, f"assumed: {why}") for name, (value, why) in assumed.items()]
    return f"Measured on {MEASURED_ON}.\n\n{_table(('', '', 'from'), lines)}"


def _gb(size: float) -> str:
    return f"{size / 1e9:,.0f} GB ({size / 1024**3:,.0f} GiB)"


def _micro(seconds: float) -> str:
    return f"{seconds / MICRO:.2f} µs"


def _rate(size: float) -> str:
    return f"{size / MEGABYTE:,.0f} MB/s"


def _table(heads: Sequence[str], lines: Iterable[Sequence[object]]) -> str:
    rows = [heads, ["---"] * len(heads), *lines]
    return "\n".join(f"| {' | '.join(map(str, row))} |" for row in rows)
