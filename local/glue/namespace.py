"""Runs first in a job's network namespace, which has nothing but a loopback. Standard library only.

``namespace.py SOCKET PORTS COMMAND…``: listens on ports of the loopback, hands the listening sockets over to
the forwarder outside, which serves them, and becomes the job.
"""

import fcntl
import os
import socket
import struct
import sys

GET_FLAGS, SET_FLAGS, UP = 0x8913, 0x8914, 1
REQUEST = "16sH14x"
"""A ``struct ifreq`` of flags: https://man7.org/linux/man-pages/man7/netdevice.7.html"""


def bring_loopback_up() -> None:
    """A new namespace has its loopback switched off."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket:
        answer = fcntl.ioctl(any_socket, GET_FLAGS, struct.pack(REQUEST, b"lo", 0))
        _, flags = struct.unpack(REQUEST, answer)
        fcntl.ioctl(any_socket, SET_FLAGS, struct.pack(REQUEST, b"lo", flags | UP))


def main() -> None:
    """Open the ports and become the job."""
    bring_loopback_up()
    outside = socket.socket(fileno=int(sys.argv[1]))
    listeners = [socket.create_server(("127.0.0.1", int(port))) for port in sys.argv[2].split(",") if port]
    # Sockets that are handed over stay in the namespace that they were made in.
    socket.send_fds(outside, [b"-"], [listener.fileno() for listener in listeners])
    outside.recv(1)
    outside.close()
    for listener in listeners:
        listener.close()
    os.execv(sys.argv[3], sys.argv[3:])  # noqa: S606 - the job's own command


if __name__ == "__main__":
    main()
