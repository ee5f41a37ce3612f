"""Where a partition key lies among all hashes; partitions and a Scan's segments are ranges of them."""

import hashlib
import json

HASHES = 1 << 64


def encoded_key(partition: object) -> bytes:
    """Return a partition key's value, ``{"S": "…"}``, as the bytes that are hashed."""
    return json.dumps(partition).encode()


def key_hash(encoded: bytes) -> int:
    """Return the hash of an encoded partition key, below HASHES."""
    return int.from_bytes(hashlib.blake2b(encoded, digest_size=8).digest())


def partition_of(partition: object, partitions: int) -> int:
    """Return which of so many equal ranges of hashes the key is in, counted from 0."""
    return key_hash(encoded_key(partition)) * partitions >> 64
