"""Which cloud the commands go to when nobody says."""

from collections.abc import Mapping, MutableMapping
from pathlib import Path

from local.instance import Instance

DIRECTORY = Path(__file__).resolve().parents[1] / ".local"
"""Where ``make local`` keeps its embedded cloud."""

_CHOICES = (
    "AWS_ACCESS_KEY_ID",
    "AWS_CONTAINER_CREDENTIALS_FULL_URI",
    "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
    "AWS_DEFAULT_PROFILE",
    "AWS_ENDPOINT_URL",
    "AWS_PROFILE",
    "AWS_ROLE_ARN",
)
"""Variables that choose an account or an endpoint: with any of them, a person has chosen.

A default profile in ``~/.aws`` is no choice: it is there whatever a person is about to do.
"""


def chosen(environ: Mapping[str, str]) -> bool:
    """Whether the environment itself says which cloud is meant."""
    return any(environ.get(name) for name in _CHOICES)


def use_embedded_cloud(environ: MutableMapping[str, str], directory: Path = DIRECTORY) -> str | None:
    """Point ``environ`` at the embedded cloud that runs in ``directory``, unless a cloud is chosen already.

    Returns the line that says so, or None if nothing was changed.
    """
    if chosen(environ):
        return None
    instance = Instance.find(directory)
    if instance is None:
        return None
    environ.update(instance.environment())
    return (
        f"Using the embedded cloud at {environ['AWS_ENDPOINT_URL']} (set AWS_PROFILE to use an AWS account)."
    )


def point_at(instance: Instance, environ: MutableMapping[str, str]) -> None:
    """Make an embedded cloud the only cloud that AWS clients of this environment know."""
    for name in [name for name in environ if name.startswith("AWS_")]:
        del environ[name]
    environ.update(instance.environment())
