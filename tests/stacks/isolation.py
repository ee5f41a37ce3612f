"""Commands that have nothing to lean on: no network, no credentials, no home, no Docker."""

import os
import subprocess
import sys
from collections.abc import Sequence
from functools import cache
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parents[2]
BIN = Path(sys.executable).parent


def run_isolated(
    command: Sequence[str | Path], *, cwd: Path, home: Path, **environment: str
) -> "subprocess.CompletedProcess[str]":
    """Run a command with Python and Node as its only tools.

    Only Linux can take the network from a command; elsewhere just the proxy leads nowhere.
    """
    return subprocess.run(
        [*_without_network(), *command],
        cwd=cwd,
        env={
            "PATH": os.pathsep.join([str(BIN), "/usr/bin", "/bin"]),
            "HOME": str(home),
            "CDK_DOCKER": "no-docker",
            "http_proxy": "http://127.0.0.1:9",
            "https_proxy": "http://127.0.0.1:9",
            **environment,
        },
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )


@cache
def _without_network() -> Sequence[str]:
    """What goes before a command to take its network; a Linux that cannot fails the test."""
    if sys.platform != "linux":
        return []
    wrapper = ["unshare", "--map-root-user", "--net"]
    try:
        subprocess.run([*wrapper, "true"], check=True, capture_output=True, text=True)
    except (FileNotFoundError, subprocess.CalledProcessError) as error:
        pytest.fail(
            f"tests/stacks synthesise without a network, by `{' '.join(wrapper)}`, which does not work here: "
            f"{getattr(error, 'stderr', None) or error}. Install util-linux and allow user namespaces: "
            "sysctl kernel.unprivileged_userns_clone=1 on Debian, "
            "kernel.apparmor_restrict_unprivileged_userns=0 on Ubuntu",
            pytrace=False,
        )
    return wrapper
