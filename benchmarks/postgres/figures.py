"""The figures of all contenders as a table for people, and what was aimed at."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from statistics import median

from benchmarks.contender_process import Measured
from benchmarks.postgres.contenders import DUCKDB, HASHED, LIMIT, OURS, OURS_IN_SPARK
from benchmarks.postgres.database import Load

OF_DUCKDB, OF_HASHED, OF_HASHED_LOAD, MOST_READS = 1.3, 0.55, 0.45, 1.05


@dataclass(frozen=True)
class Taken:
    """What one run took of its own machine, and of the database."""

    measured: Measured
    load: Load


Figures = dict[str, list[Taken]]


def print_figures(figures: Figures, pages: int, peaks_in_spark: Mapping[str, int]) -> None:
    """A line per contender; ``x`` is how many times another's figure it is."""
    seconds, loads = _medians(figures, _seconds), _medians(figures, _load)
    work = _medians(figures, lambda taken: taken.measured.processor_seconds)
    print(
        f"\n{'':<28}{'s':>7}{'x COPY':>8}{'x DuckDB':>9}{'x id % 7':>9}{'CPU s':>7}"
        f"{'DB CPU s':>10}{'x id % 7':>9}{'reads':>7}{'peak MB':>9}"
    )
    for name, runs in figures.items():
        peak = peaks_in_spark.get(name) or max(taken.measured.peak_bytes for taken in runs)
        print(
            f"{name:<28}{seconds[name]:>7.2f}"
            f"{seconds[name] / seconds[LIMIT]:>8.2f}{seconds[name] / seconds[DUCKDB]:>9.2f}"
            f"{seconds[name] / seconds[HASHED]:>9.2f}{work[name]:>7.2f}"
            f"{loads[name]:>10.2f}{loads[name] / loads[HASHED]:>9.2f}"
            f"{_reads(runs, pages):>7.2f}{peak / 1e6:>9,.0f}"
        )


def missed_aims(figures: Figures, pages: int) -> list[str]:
    """Print how ours stands to each aim; those that were missed."""
    seconds, loads = _medians(figures, _seconds), _medians(figures, _load)
    reads = max(_reads(figures[name], pages) for name in (OURS, OURS_IN_SPARK))
    aims = (
        ("wall in Spark, of the reference design's", seconds[OURS_IN_SPARK] / seconds[HASHED], OF_HASHED),
        ("database CPU in Spark, of the reference's", loads[OURS_IN_SPARK] / loads[HASHED], OF_HASHED_LOAD),
        ("wall without Spark, of DuckDB's", seconds[OURS] / seconds[DUCKDB], OF_DUCKDB),
        ("reads of the table", reads, MOST_READS),
    )
    print()
    for told, reached, aim in aims:
        print(f"{told}: {reached:.2f}; the aim is at most {aim}")
    return [told for told, reached, aim in aims if reached > aim]


def _medians(figures: Figures, figure: Callable[[Taken], float]) -> dict[str, float]:
    return {name: median(map(figure, runs)) for name, runs in figures.items()}


def _seconds(taken: Taken) -> float:
    return taken.measured.seconds


def _load(taken: Taken) -> float:
    return taken.load.processor_seconds


def _reads(runs: list[Taken], pages: int) -> float:
    """How many times the whole table was looked at."""
    return median(taken.load.blocks for taken in runs) / pages
