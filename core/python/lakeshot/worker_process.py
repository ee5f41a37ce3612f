"""What a worker process, which works on many parts one after the other, does once or keeps."""

import gc
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from typing import TYPE_CHECKING, TypeVar

import boto3

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client


Client = TypeVar("Client")
_forget: list[Callable[[], None]] = []


def made_once(make: Callable[[str], Client]) -> Callable[[str], Client]:
    """A client of a region that is made once in a process: that takes longer than to read a small part."""
    kept = cache(make)
    _forget.append(kept.cache_clear)
    return kept


@made_once
def s3_client(region: str) -> "S3Client":
    """S3's client."""
    return boto3.client("s3", region_name=region)


def forget_clients() -> None:
    """Have the clients made anew."""
    for forget in _forget:
        forget()


os.register_at_fork(after_in_child=forget_clients)  # connections are not for sharing


@contextmanager
def no_garbage_collection() -> Iterator[None]:
    """Work without Python's collector of reference cycles, which decoding into buffers makes none of.

    Walking the heap for them again and again costs up to three times the decoding.
    """
    gc.disable()
    try:
        yield
    finally:
        freeze_what_stays()
        gc.enable()


@cache
def freeze_what_stays() -> None:
    """Put everything that is alive out of the garbage collector's sight, once in a process.

    Spark has it collect after every task. Worth calling after a first part: some modules, such as pandas
    by Arrow, are only imported by reading one.
    """
    gc.collect()
    gc.freeze()
