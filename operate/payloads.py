"""The command payload: the JSON that starts an export or a group, to paste into the console."""

from operate.context import Context
from operate.deployment import find_target


def payload(context: Context, name: str) -> int:
    """Print the deployed payload of an export or a group, and nothing else."""
    _, target = find_target(context.deployments(), name)
    context.output.result(target.payload().text(indent=2))
    return 0
