"""Sizes, units and buckets follow AWS's rules."""

import pytest

from local.dynamodb.capacity import batch_units, read_units
from local.dynamodb.item_size import item_size, number_size, value_size
from local.dynamodb.token_bucket import TokenBucket


@pytest.mark.parametrize(
    ("value", "size_bytes"),
    [
        ({"S": ""}, 0),
        ({"S": "abc"}, 3),
        ({"S": "é€😀"}, 9),
        ({"B": "AP8="}, 2),
        ({"B": "YWJj"}, 3),
        ({"B": ""}, 0),
        ({"BOOL": False}, 1),
        ({"NULL": True}, 1),
        ({"SS": ["a", "bc"]}, 3),
        ({"BS": ["AA==", "AAA="]}, 3),
        ({"NS": ["1", "234"]}, 5),
        ({"L": []}, 3),
        ({"M": {}}, 3),
        ({"L": [{"S": "a"}, {"BOOL": True}]}, 3 + 2 + 2),
        ({"M": {"ab": {"S": "c"}}}, 3 + 1 + 3),
        ({"L": [{"M": {"k": {"L": [{"N": "1"}]}}}]}, 3 + 1 + (3 + 1 + 1 + (3 + 1 + 2))),
    ],
)
def test_the_size_of_a_value(value: dict[str, object], size_bytes: int) -> None:
    """Text in UTF-8, raw binary, one byte for booleans and nulls, 3 and 1 a piece for lists and maps."""
    assert value_size(value) == size_bytes


@pytest.mark.parametrize(
    ("text", "size_bytes"),
    [
        ("0", 1),
        ("0.00", 1),
        ("1", 2),
        ("12", 2),
        ("123", 3),
        ("100", 2),
        ("-1", 3),
        ("0.5", 2),
        ("0.05", 2),
        ("1.5", 3),
        ("12.34", 3),
        ("1E-130", 2),
        ("9.9999999999999999999999999999999999999E+125", 20),
        ("1.2345678901234567890123456789012345678", 21),
        ("12345678901234567890123456789012345678", 20),
    ],
)
def test_the_size_of_a_number(text: str, size_bytes: int) -> None:
    """A byte per two significant digits, zeros at the ends trimmed, one more, and one for a minus."""
    assert number_size(text) == size_bytes


def test_an_item_is_its_names_and_values() -> None:
    """Attribute names count in UTF-8."""
    assert item_size({"id": {"S": "abc"}, "größe": {"N": "12"}}) == 2 + 3 + 7 + 2


@pytest.mark.parametrize(
    ("size_bytes", "eventual", "strong"),
    [(0, 0.5, 1), (1, 0.5, 1), (4096, 0.5, 1), (4097, 1, 2), (1 << 20, 128, 256)],
)
def test_units_of_a_read(size_bytes: int, eventual: float, strong: float) -> None:
    """4 KB a unit, half without strong consistency, at least one step."""
    assert read_units(size_bytes, consistent=False) == eventual
    assert read_units(size_bytes, consistent=True) == strong


def test_a_batch_rounds_every_item() -> None:
    """Two items of 100 bytes cost two steps; a missing one costs one."""
    assert batch_units([100, 100, 0, 5000], consistent=False) == 0.5 + 0.5 + 0.5 + 1
    assert batch_units([100, 100, 0, 5000], consistent=True) == 5


class Clock:
    """A clock that is set by hand."""

    seconds = 0.0

    def __call__(self) -> float:
        return self.seconds


def test_a_bucket_gives_its_burst_and_then_its_rate() -> None:
    """Full at first, in debt after a large read, open again when the debt is paid."""
    clock = Clock()
    bucket = TokenBucket(10, 2, clock)
    assert bucket.admits()
    bucket.take(45)
    assert not bucket.admits()
    clock.seconds = 1.5
    assert not bucket.admits()
    clock.seconds = 1.6
    assert bucket.admits()


def test_a_bucket_without_burst_saves_one_second() -> None:
    """However long it was left alone, one second's units are there and no more."""
    clock = Clock()
    bucket = TokenBucket(10, 0, clock)
    clock.seconds = 1000
    assert bucket.admits()
    bucket.take(10)
    assert not bucket.admits()
