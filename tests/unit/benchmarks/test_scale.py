"""What is told of large tables follows from what a row takes, and docs/scale.md says the same."""

from dataclasses import replace

import pytest

from benchmarks.scale.constants import MICRO, PUBLISHED, Assumed, Measured, Published
from benchmarks.scale.markdown import minutes
from benchmarks.scale.model import Export, Model
from benchmarks.scale.page import MODEL, PAGE, PICTURE, filled
from benchmarks.scale.picture import picture
from benchmarks.scale.tables import tables

ROW = Measured(
    page_bytes=128,
    sent_bytes=100,
    file_bytes=80,
    server_seconds=1 * MICRO,
    worker_seconds=2 * MICRO,
    hashed_server_seconds=7 * MICRO,
)
ONE_SESSION = Published(rows=1_000_000, aws_s3_seconds=5.0)
PLENTY = Assumed(server_cores=100, server_network_bytes=1e12, worker_network_bytes=1e12, start_seconds=100.0)
MODEL_OF_ROUND_FIGURES = Model(ROW, ONE_SESSION, PLENTY)


def test_a_session_waits_for_storage_as_long_as_the_published_one_did() -> None:
    """5 µs a row, of which 1 was the processor's; four readers take a quarter."""
    assert MODEL_OF_ROUND_FIGURES.storage_seconds == pytest.approx(4 * MICRO)
    taken = [MODEL_OF_ROUND_FIGURES.estimate(Export(1_000_000, readers)) for readers in (1, 4)]
    assert [estimate.seconds for estimate in taken] == pytest.approx([5.0, 1.25])
    assert {estimate.bound for estimate in taken} == {"waits for storage"}


@pytest.mark.parametrize(
    ("assumed", "pace", "bound", "rows_per_second"),
    [
        (PLENTY, None, "workers' processors", 8_000_000),
        (replace(PLENTY, server_cores=3), None, "database's processors", 3_000_000),
        (replace(PLENTY, server_network_bytes=200e6), None, "database's network", 2_000_000),
        (replace(PLENTY, worker_network_bytes=20e6), None, "workers' network", 800_000),
        (PLENTY, 50.0, "max_mb_per_second", 500_000),
    ],
)
def test_whatever_allows_least_bounds_the_rows(
    assumed: Assumed, pace: float | None, bound: str, rows_per_second: float
) -> None:
    """16 readers on five workers, four of which read; no page is waited for."""
    export = Export(8_000_000, 16, in_memory=True, max_mb_per_second=pace)
    taken = Model(ROW, ONE_SESSION, assumed).estimate(export)
    assert taken.bound == bound
    assert taken.seconds == pytest.approx(8_000_000 / rows_per_second)


def test_money_and_load_follow_from_the_time() -> None:
    """100 s to start and 3,500 s to read are an hour; two workers of one DPU, at 0.44 and 0.308 dollars."""
    taken = MODEL_OF_ROUND_FIGURES.estimate(Export(700_000_000, 1))
    assert (taken.job_seconds, taken.dpu_hours) == pytest.approx((3600.0, 2.0))
    assert (taken.dollars("5.1"), taken.dollars("6.0")) == pytest.approx((0.88, 0.616))
    assert taken.sent_mb_per_second == pytest.approx(20.0)
    assert taken.pages_per_second == pytest.approx(3125.0)
    assert taken.server_cores == pytest.approx(0.2)


@pytest.mark.parametrize(("readers", "workers"), [(1, 2), (4, 2), (5, 3), (16, 5), (32, 9)])
def test_a_worker_has_four_readers_and_the_driver_one_of_its_own(readers: int, workers: int) -> None:
    assert Export(1, readers).workers == workers


def test_load_goes_by_the_rows() -> None:
    """64 of these rows fill a page; a million requests of Aurora's storage are 20 cents."""
    assert MODEL_OF_ROUND_FIGURES.pages(64_000_000) == 1_000_000
    assert MODEL_OF_ROUND_FIGURES.storage_dollars(64_000_000) == pytest.approx(0.20)
    assert MODEL_OF_ROUND_FIGURES.server_seconds(64_000_000) == pytest.approx(64.0)


def test_the_model_finds_the_published_time_of_hashed_readers() -> None:
    """It is not told it, and has to come within a fifth."""
    assert MODEL.hashed_seconds() == pytest.approx(PUBLISHED.hashed_seconds, rel=0.2)


def test_times_longer_than_a_snapshot_is_held_have_a_star() -> None:
    assert [minutes(seconds) for seconds in (90, 6000, 14_401)] == ["1.5", "100", "240 *"]


def test_the_page_shows_what_the_model_says() -> None:
    """`python -m benchmarks scale --write` makes it so."""
    page = PAGE.read_text()
    assert filled(page, tables(MODEL)) == page
    assert all(table in page for table in tables(MODEL).values())
    assert PICTURE.read_text() == picture(MODEL)
