"""Names and ways through the network, without anything being said once there."""

import re
import socket
import time
from ipaddress import ip_address

from lakeshot.errors import LakeshotError, SourceError

REACH_SECONDS = 5.0
"""How long an answer may take; packets that a security group drops are never answered."""

_BALANCED = re.compile(r"\.cluster-(ro|custom)-")
"""Aurora's reader and custom endpoints:
https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/Aurora.Overview.Endpoints.html"""


class UnreachableError(LakeshotError):
    """There is no way from here to something that a job needs."""


def addresses(host: str, port: int) -> tuple[str, ...]:
    """What the name means here, each address once; SourceError if nobody knows it."""
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except OSError as error:
        raise SourceError(
            f"the name {host!r} is not known here; correct it in exports.yaml, or have the DNS of the "
            "subnet's network know it (its private hosted zone, 'enableDnsSupport' and 'enableDnsHostnames')"
        ) from error
    return tuple(dict.fromkeys(str(address[0]) for *_, address in found))


def leads_to_several(host: str) -> bool:
    """Whether a name is made to lead to one or another of several servers, connection by connection."""
    return _BALANCED.search(host) is not None


def described(found: tuple[str, ...]) -> str:
    """Addresses, each with whether the internet knows it."""
    return ", ".join(f"{one} ({'private' if ip_address(one).is_private else 'public'})" for one in found)


def reach(host: str, port: int, advice: str, seconds: float = REACH_SECONDS) -> float:
    """Milliseconds until the port answers; UnreachableError, ending in ``advice``, if it doesn't."""
    started = time.monotonic()
    try:
        socket.create_connection((host, port), timeout=seconds).close()
    except TimeoutError as error:
        raise UnreachableError(
            f"no answer from {host}:{port} within {seconds:.0f} seconds; {advice}"
        ) from error
    except ConnectionRefusedError as error:
        raise UnreachableError(
            f"nothing listens at {host}:{port}; correct host and port in exports.yaml, or have it run"
        ) from error
    except OSError as error:
        raise UnreachableError(
            f"{host}:{port} cannot be reached ({error.strerror or error}); {advice}"
        ) from error
    return (time.monotonic() - started) * 1000
