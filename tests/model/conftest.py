"""The library as it is, except that its threads and its sleeping are the model's."""

from collections.abc import Iterator
from contextlib import contextmanager
from types import SimpleNamespace

import pytest

from lakeshot.files import FileFormat
from lakeshot.files.formats import ENCODERS
from lakeshot.steps.handler import logger
from tests.model.actors import OneAfterAnother, here, pause
from tests.model.copy_binary import CopyBinaryEncoder
from tests.model.world import AthenaOfSession


def _sleep(seconds: float) -> None:
    pause("sleep")
    if (actor := here()) is not None:
        actor.after_sleep()


@pytest.fixture
def library() -> Iterator[None]:
    """The library's code, every call of which a test may hold up."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("LAKESHOT_STAGE", "dev")
        patch.setenv("LAKESHOT_TOPIC_ARN", "topic")
        patch.setenv("AWS_DEFAULT_REGION", "us-east-1")
        patch.setattr("lakeshot.commit.commit.ThreadPoolExecutor", OneAfterAnother)
        patch.setattr("lakeshot.files.upload.ThreadPoolExecutor", OneAfterAnother)
        patch.setattr("lakeshot.steps.opening_lake.Athena", AthenaOfSession)
        patch.setitem(ENCODERS, FileFormat.BINARY, CopyBinaryEncoder)
        patch.setattr("lakeshot.steps.stopping.time", SimpleNamespace(sleep=_sleep))
        with _quiet():
            yield


@contextmanager
def _quiet() -> Iterator[None]:
    """Without a log of the steps, whose logger is that of the whole library."""
    level = logger.log_level
    logger.setLevel("CRITICAL")
    try:
        yield
    finally:
        logger.setLevel(level)
