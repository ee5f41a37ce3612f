"""Stands outside a job's network namespace and carries on what comes to its ports. Standard library only.

``forwarder.py SOCKET TARGET…``: takes over one listening socket for each target (``host:port``) and connects
whoever comes with it, until standard input, a pipe to the cloud, is closed.
"""

import asyncio
import os
import socket
import sys
import threading
from contextlib import suppress

BLOCK_BYTES = 1 << 18


async def carry(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Pass on one direction of a connection to its end."""
    with suppress(OSError):
        while block := await reader.read(BLOCK_BYTES):
            writer.write(block)
            await writer.drain()
    with suppress(OSError):
        writer.write_eof()


async def serve(listener: socket.socket, target: str) -> None:
    """Connect everybody who comes to a listening socket with its target."""
    host, _, port = target.rpartition(":")

    async def connect(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            there, back = await asyncio.open_connection(host, int(port))
        except OSError:
            writer.close()
            return
        await asyncio.gather(carry(reader, back), carry(there, writer))
        for end in (writer, back):
            end.close()

    server = await asyncio.start_server(connect, sock=listener)
    await server.serve_forever()


async def run(inside: socket.socket, targets: list[str]) -> None:
    """Take over the sockets, say so, and serve them."""
    _, descriptors, _, _ = socket.recv_fds(inside, 1, len(targets))
    listeners = [socket.socket(fileno=descriptor) for descriptor in descriptors]
    inside.send(b"-")
    await asyncio.gather(
        *(serve(listener, target) for listener, target in zip(listeners, targets, strict=True))
    )


def end_with_cloud() -> None:
    """End with whoever started this."""
    os.read(0, 1)
    os._exit(0)


if __name__ == "__main__":
    threading.Thread(target=end_with_cloud, daemon=True).start()
    asyncio.run(run(socket.socket(fileno=int(sys.argv[1])), sys.argv[2:]))
