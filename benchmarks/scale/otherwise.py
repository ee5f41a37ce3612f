"""How the usual run depends on what is assumed."""

from dataclasses import replace

from benchmarks.scale.constants import ASSUMED, MEASURED, PUBLISHED
from benchmarks.scale.markdown import minutes, table
from benchmarks.scale.model import Export, Model

USUAL_READERS = 16


def otherwise() -> str:
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
        few, many = (model.estimate(Export(PUBLISHED.rows, readers)) for readers in (4, USUAL_READERS))
        lines.append((words, minutes(few.seconds), minutes(many.seconds), many.bound))
    return table(("if", "minutes, 4 readers", f"minutes, {USUAL_READERS} readers", "then bound by"), lines)
