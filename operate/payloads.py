"""The command payload: the JSON that starts an export, to paste into the console."""

from operate.context import Context
from operate.deployment import find_export


def payload(context: Context, export: str) -> int:
    """Print the deployed payload of an export, and nothing else."""
    _, deployed = find_export(context.deployments(), export)
    context.output.result(deployed.payload().model_dump_json(indent=2, exclude_none=True))
    return 0
