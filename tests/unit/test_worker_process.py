"""What a worker process does once, however many parts it works on."""

import gc
from collections.abc import Iterator

import pytest

from lakeshot.dynamodb.scan_run import scan_client
from lakeshot.errors import SourceError
from lakeshot.worker_process import (
    forget_clients,
    freeze_what_stays,
    no_garbage_collection,
    s3_client,
)


@pytest.fixture
def no_clients() -> Iterator[None]:
    forget_clients()
    yield
    forget_clients()


@pytest.fixture
def no_frozen_heap() -> Iterator[None]:
    freeze_what_stays.cache_clear()
    yield
    freeze_what_stays.cache_clear()
    gc.unfreeze()


@pytest.mark.usefixtures("aws", "no_clients")
def test_a_worker_process_makes_its_clients_once() -> None:
    """Not once a part, of which there may be 10,000; another region has its own."""
    first, scan = s3_client("us-east-1"), scan_client("us-east-1")
    assert s3_client("us-east-1") is first
    assert scan_client("us-east-1") is scan
    assert s3_client("eu-west-1").meta.region_name == "eu-west-1"
    forget_clients()
    assert s3_client("us-east-1") is not first


@pytest.mark.usefixtures("no_frozen_heap")
def test_garbage_is_collected_again_after_a_part() -> None:
    """Also after one that failed; and what stays is looked at no more."""
    before = gc.get_freeze_count()

    @no_garbage_collection()
    def fail() -> None:
        raise SourceError("gone" if not gc.isenabled() else "collected")

    with pytest.raises(SourceError, match="gone"):
        fail()
    assert gc.isenabled()
    assert gc.get_freeze_count() > before
