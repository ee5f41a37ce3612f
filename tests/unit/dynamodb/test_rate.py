"""What rate a run may read at."""

from lakeshot.dynamodb.rate import ReadRate, Throughput, read_rate
from lakeshot.dynamodb.segments import segment_count


def test_a_provisioned_table_gives_its_percentage() -> None:
    """A quarter of 1,000 units is 250."""
    rate = read_rate(Throughput(mode="provisioned", provisioned_units=1000), 0.25, None)
    assert rate == ReadRate(units_per_second=250, basis="25% of 1000 provisioned read units")


def test_an_absolute_cap_lowers_the_percentage_but_never_raises_it() -> None:
    """Both promises are kept."""
    throughput = Throughput(mode="provisioned", provisioned_units=1000)
    assert read_rate(throughput, 0.25, 100).units_per_second == 100
    assert read_rate(throughput, 0.25, 900).units_per_second == 250


def test_an_on_demand_table_reads_at_the_given_cap() -> None:
    """The percentage of nothing in particular does not matter then."""
    assert read_rate(Throughput(mode="on-demand", warm_units=12_000), 0.25, 500).units_per_second == 500


def test_an_on_demand_table_without_a_cap_takes_a_share_of_what_is_known() -> None:
    """Its own maximum, else its warm throughput, else what a new table serves."""
    assert (
        read_rate(
            Throughput(mode="on-demand", maximum_units=800, warm_units=12_000), 0.25, None
        ).units_per_second
        == 200
    )
    assert read_rate(Throughput(mode="on-demand", warm_units=20_000), 0.25, None).units_per_second == 5_000
    assert read_rate(Throughput(mode="on-demand"), 0.25, None).units_per_second == 3_000


def test_segments_follow_the_size_of_the_table_and_of_the_job() -> None:
    """Two a slot at least, 256 MiB each at most, never under 8 MiB, never above 10,000."""
    assert segment_count(size_bytes=0, workers=2, worker_type="G.1X") == 4
    assert segment_count(size_bytes=1, workers=2, worker_type="G.1X") == 1
    assert segment_count(size_bytes=20 * 1024**2, workers=2, worker_type="G.1X") == 3
    assert segment_count(size_bytes=1024**3, workers=2, worker_type="G.1X") == 8
    assert segment_count(size_bytes=100 * 1024**3, workers=10, worker_type="G.2X") == 400
    assert segment_count(size_bytes=100 * 1024**4, workers=10, worker_type="G.2X") == 10_000
