"""Numbers of seven bits to a byte, lowest first, as Avro, protocol buffers and Snappy write them (LEB128)."""

MORE = 0x80
"""The bit of a byte that says another one follows."""
LONGEST_BYTES = 10


def encoded(number: int) -> bytes:
    """The bytes of a number that is not negative."""
    found = bytearray()
    while number >= MORE:
        found.append(number & ~MORE & 0xFF | MORE)
        number >>= 7
    found.append(number)
    return bytes(found)


def decoded(data: bytes, position: int = 0) -> tuple[int, int]:
    """The number that begins at a position, and where it ends; EOFError if the bytes end before it does."""
    for size, byte in enumerate(data[position : position + LONGEST_BYTES], start=1):
        if byte < MORE:
            septets = data[position : position + size]
            return sum((one & ~MORE) << (7 * index) for index, one in enumerate(septets)), position + size
    raise EOFError("the bytes end within a number")
