"""What the model is told: what was measured here, what others published, and what is only assumed."""

from dataclasses import dataclass

MICRO = 1e-6


@dataclass(frozen=True)
class Measured:
    """What a row of the benchmark's table ``article`` takes: bytes, and seconds of one processor.

    ``page_bytes`` are of the table's pages, ``sent_bytes`` of the rows as text, ``file_bytes`` of Parquet
    (snappy). ``worker_seconds`` are of ours inside Spark; ``hashed_server_seconds`` are the server's when
    seven readers ask for ``id % 7``, all seven together.
    """

    page_bytes: float
    sent_bytes: float
    file_bytes: float
    server_seconds: float
    worker_seconds: float
    hashed_server_seconds: float


MEASURED_ON = "22 November 2026, AMD EPYC, 2 cores, PostgreSQL 18 on the same machine"
MEASURED = Measured(
    page_bytes=117.0,
    sent_bytes=100.2,
    file_bytes=81.4,
    server_seconds=0.66 * MICRO,
    worker_seconds=1.37 * MICRO,
    hashed_server_seconds=1.34 * MICRO,
)
"""``python -m benchmarks postgres`` prints the seconds for all rows, as CPU s and DB CPU s."""


@dataclass(frozen=True)
class Published:
    """The reference case: 1,000,000,000 rows of Aurora PostgreSQL 12.4 on db.r5.2xlarge, 64 GB.

    https://aprakash.wordpress.com/2021/06/14/export-table-from-aurora-postgresql-to-amazon-s3/
    """

    rows: int = 1_000_000_000
    aws_s3_seconds: float = 4106.0
    hashed_readers: int = 7
    hashed_seconds: float = 64 * 60.0
    failed_after_hours: tuple[int, ...] = (2, 4)


PUBLISHED = Published()


@dataclass(frozen=True)
class Assumed:
    """What nobody measured here. A vCPU of AWS is taken for a core of the machine that was measured on.

    ``server_cores`` are those of db.r5.2xlarge. Bytes per second are what EC2 gives machines with 8 and 4
    vCPUs all the time, each way (2.5 and 1.25 Gbit/s); for a while they may have more. ``start_seconds`` is
    from where Glue bills to the first row: Spark took 10 of them here.
    """

    server_cores: int = 8
    server_network_bytes: float = 2.5e9 / 8
    worker_network_bytes: float = 1.25e9 / 8
    start_seconds: float = 60.0
    dollars_per_million_reads: float = 0.20
    """Of Aurora's storage, in us-east-1 and the configuration Standard (secondary sources); a page each."""


ASSUMED = Assumed()
