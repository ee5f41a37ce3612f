"""Time, money and load of an export, from what a row takes and what bounds rows per second."""

from dataclasses import dataclass
from math import ceil

from benchmarks.scale.constants import Assumed, Measured, Published
from lakeshot.dynamodb.segments import SLOTS_PER_WORKER
from lakeshot.steps.cost import DOLLARS_PER_DPU_HOUR, DPUS_PER_WORKER, LEAST_BILLED_SECONDS

PAGE_BYTES = 8192
WORKER = "G.1X"
MEGABYTE = 1_000_000


@dataclass(frozen=True)
class Export:
    """One run: how many rows, by how many readers, where the pages are, and how fast it may be."""

    rows: int
    readers: int
    in_memory: bool = False
    max_mb_per_second: float | None = None

    @property
    def workers(self) -> int:
        """The fewest that have a slot for each reader, and one for the driver."""
        return 1 + ceil(self.readers / SLOTS_PER_WORKER[WORKER])


@dataclass(frozen=True)
class Estimate:
    """What a run takes. ``seconds`` are of reading, while the snapshot is held; ``bound`` is what bounds it.

    ``server_cores`` are those that reading keeps busy, on average.
    """

    seconds: float
    bound: str
    job_seconds: float
    dpu_hours: float
    sent_mb_per_second: float
    pages_per_second: float
    server_cores: float

    def dollars(self, glue_version: str) -> float:
        """Of Glue, in us-east-1."""
        return self.dpu_hours * DOLLARS_PER_DPU_HOUR[glue_version]


class Model:
    """Estimates runs from what a row takes, what was published of one run, and what is assumed of AWS."""

    def __init__(self, measured: Measured, published: Published, assumed: Assumed) -> None:
        self._row, self._published, self._assumed = measured, published, assumed

    @property
    def storage_seconds(self) -> float:
        """How long a session waits for the pages of a row, if none is in memory.

        It is what ``aws_s3`` took in its one session beyond the processor time that sending rows takes.
        """
        return self._published.aws_s3_seconds / self._published.rows - self._row.server_seconds

    def estimate(self, export: Export) -> Estimate:
        """What the run takes."""
        rates = self._rates(export)
        bound = min(rates, key=rates.__getitem__)
        rate = rates[bound]
        seconds = export.rows / rate
        job = self._assumed.start_seconds + seconds
        dpus = export.workers * DPUS_PER_WORKER[WORKER]
        return Estimate(
            seconds=seconds,
            bound=bound,
            job_seconds=job,
            dpu_hours=dpus * max(job, LEAST_BILLED_SECONDS) / 3600,
            sent_mb_per_second=rate * self._row.sent_bytes / MEGABYTE,
            pages_per_second=rate * self._row.page_bytes / PAGE_BYTES,
            server_cores=rate * self._row.server_seconds,
        )

    def pages(self, rows: int) -> float:
        """Pages of a table."""
        return rows * self._row.page_bytes / PAGE_BYTES

    def server_seconds(self, rows: int) -> float:
        """Processor seconds of the server, whoever many readers there are."""
        return rows * self._row.server_seconds

    def storage_dollars(self, rows: int) -> float:
        """Of reading each page once from Aurora's storage."""
        return self.pages(rows) / 1e6 * self._assumed.dollars_per_million_reads

    def hashed_seconds(self) -> float:
        """The published run by hashed readers, each of which waits for every page and sends some rows.

        Nothing of that run is told to the model, so this says whether the model can be believed.
        """
        of_a_row = self.storage_seconds + self._row.hashed_server_seconds / self._published.hashed_readers
        return self._published.rows * of_a_row

    def _rates(self, export: Export) -> dict[str, float]:
        """Rows per second that each thing would allow, were it alone."""
        row, assumed = self._row, self._assumed
        waits = 0.0 if export.in_memory else self.storage_seconds
        fetched = 0.0 if export.in_memory else row.page_bytes
        rates = {
            "workers' processors": export.readers / row.worker_seconds,
            "workers' network": (export.workers - 1) * assumed.worker_network_bytes / row.sent_bytes,
            "waits for storage" if waits else "one core a session": export.readers
            / (row.server_seconds + waits),
            "database's processors": assumed.server_cores / row.server_seconds,
            "database's network": assumed.server_network_bytes / max(row.sent_bytes, fetched),
        }
        if export.max_mb_per_second is not None:
            rates["max_mb_per_second"] = export.max_mb_per_second * MEGABYTE / row.sent_bytes
        return rates
