"""A job's network: nothing but what its subnet reaches, by a Linux network namespace."""

import os
import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from urllib.parse import urlsplit

from local.glue.reachable import reachable
from local.glue.subnet import Subnet

SERVICES = {
    "s3": "S3",
    "dynamodb": "DYNAMODB",
    "secretsmanager": "SECRETS_MANAGER",
    "logs": "CLOUDWATCH_LOGS",
    "monitoring": "CLOUDWATCH",
    "kms": "KMS",
    "sts": "STS",
    "glue": "GLUE",
}
"""What VPC endpoints are of, and what SDKs call these services in ``AWS_ENDPOINT_URL_<service>``."""
FIRST_PORT = 44_301
"""Where a job finds the first service's endpoint; the namespace is its own, so no other job is in the way."""
UNSHARE = ("unshare", "--user", "--map-root-user", "--net")


@dataclass(frozen=True)
class Network:
    """How a job's command is started, and the variables and descriptors it gets for it."""

    wrapper: Sequence[str] = ()
    environment: Mapping[str, str] = field(default_factory=dict)
    descriptors: Sequence[int] = ()
    warning: str = ""
    """What the job's log has to say of it."""


@contextmanager
def network_in(subnet: Subnet | None, directory: Path) -> Iterator[Network]:
    """The network of a job in a subnet, or outside any; ``directory`` is the instance's ``tmp``."""
    if subnet is None:
        yield Network()
        return
    if refusal := namespaces_refused():
        warning = f"The network of this job is not confined to {subnet.subnet_id}: {refusal}"
        yield Network(warning=warning)
        return
    cloud = urlsplit(os.environ["AWS_ENDPOINT_URL"])
    targets = {int(address.rpartition(":")[2]): address for address in reachable(directory)}
    variables = {}
    if subnet.services is None:
        targets[cloud.port or 443] = cloud.netloc
    for port, (service, variable) in enumerate(SERVICES.items(), start=FIRST_PORT):
        if subnet.services is not None and service in subnet.services:
            targets[port] = cloud.netloc
            variables[f"AWS_ENDPOINT_URL_{variable}"] = f"{cloud.scheme}://{cloud.hostname}:{port}"
    inside, outside = socket.socketpair()
    with inside, outside:
        forwarder = subprocess.Popen(  # noqa: S603 - our own script
            [sys.executable, _script("forwarder"), str(outside.fileno()), *targets.values()],
            stdin=subprocess.PIPE,
            pass_fds=[outside.fileno()],
        )
        outside.close()
        with forwarder:
            try:
                handed_over = [str(inside.fileno()), ",".join(map(str, targets))]
                wrapper = [*UNSHARE, sys.executable, _script("namespace"), *handed_over]
                yield Network(wrapper, variables, [inside.fileno()])
            finally:
                forwarder.kill()


@cache
def namespaces_refused() -> str:
    """Why this machine lets nobody make network namespaces; empty where it does."""
    if shutil.which(UNSHARE[0]) is None:
        return "there is no command unshare (util-linux, on Linux only)"
    tried = subprocess.run([*UNSHARE, "true"], capture_output=True, text=True, check=False)  # noqa: S603
    return f"{' '.join(UNSHARE)}: {tried.stderr.strip()}" if tried.returncode else ""


def _script(name: str) -> str:
    return str(Path(__file__).with_name(f"{name}.py"))
