"""The templates as a whole.

After an intended change write them anew, and review the difference:
``UPDATE_SNAPSHOTS=1 .venv/bin/python -m pytest tests/stacks/test_template_snapshots.py``
"""

import json
import os
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.stacks.template import Template

STACKS = [
    "common",
    "connection-shop",
    "articles",
    "connection-crm",
    "customers",
    "reviews",
    "order-events",
    "group-nightly",
]
SNAPSHOTS = Path(__file__).with_name("snapshots")


@pytest.mark.parametrize("stack", STACKS)
def test_template_is_as_reviewed(stack: str, template: Callable[[str], Template]) -> None:
    """Nothing of a stack changes without the change being seen in review."""
    found = template(stack)
    shown = {
        part: found.document[part] for part in ("Mappings", "Resources", "Outputs") if part in found.document
    }
    for resource in shown["Resources"].values():
        if "DefinitionString" in resource["Properties"]:
            resource["Properties"]["DefinitionString"] = found.state_machine
    masked = json.loads(re.sub(r"\b[0-9a-f]{64}\b", "<hash>", json.dumps(shown)))
    text = json.dumps(_in_order(masked), indent=1, sort_keys=True) + "\n"
    snapshot = SNAPSHOTS / f"{stack}.json"
    if os.environ.get("UPDATE_SNAPSHOTS"):
        snapshot.write_text(text)
    assert text == snapshot.read_text()


def _in_order(value: Any) -> Any:
    """The CDK orders resources by names that hold hashes; here they go by what is left of them."""
    if isinstance(value, list):
        return [_in_order(part) for part in value]
    if not isinstance(value, dict):
        return value
    ordered = {key: _in_order(part) for key, part in value.items()}
    if isinstance(ordered.get("Resource"), list):
        ordered["Resource"] = sorted(ordered["Resource"], key=json.dumps)
    return ordered
