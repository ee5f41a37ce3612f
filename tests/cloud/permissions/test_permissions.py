"""Every permission of every role is missed when it is taken away alone, and together they are enough.

A permission is one action on one resource in a role's inline policies, as deployed. It is really removed,
and the role does what it is there for, in every situation for which it has a permission: some are only
needed after a redrive, for a group, or when a run that died is closed. Functions and the job's script are
run in this process under their roles' credentials, Step Functions, Glue and the scheduler as deployed.
"""

from collections.abc import Callable, Mapping, Sequence

import pytest

from tests.cloud.permissions import (
    situations,
    situations_of_databases,
    situations_of_ends,
    situations_of_exports,
    situations_of_landing,
    situations_of_services,
)
from tests.cloud.permissions.documented import DOCUMENTED
from tests.cloud.permissions.proof import Situation, prove
from tests.cloud.permissions.roles import Permission
from tests.cloud.permissions.stage import Stage
from tests.cloud.permissions.story import Story

pytestmark = pytest.mark.cloud

ROLES: Mapping[str, Callable[[Story], Sequence[Situation]]] = {
    "plan": situations.of_plan,
    "verify-files": situations.of_verify_files,
    "catalog": situations.of_catalog,
    "verify-readable": situations.of_verify_readable,
    "publish": situations.of_publish,
    "retain": situations.of_retain,
    "report": situations.of_report,
    "close": situations_of_ends.of_close,
    "view": situations_of_ends.of_view,
    "export": situations_of_services.of_state_machine,
    "native-export": situations_of_exports.of_native_export,
    "left-job": situations_of_services.of_job,
    "raw-job": situations_of_exports.of_job,
    "rows-job": situations_of_databases.of_job,
    "lands-job": lambda _story: [],
    "connection-shop-s3": situations_of_landing.of_landing_role,
    "database-role": situations_of_landing.of_database_role,
    "left-crawler": situations_of_services.of_crawler,
    "group-pair-schedule": situations_of_services.of_schedule,
}
ALIKE = {"right-job": "left-job"}
"""Roles that are made like another, for another export."""
LIKE_IN_PART = {"raw-job": "left-job", "rows-job": "left-job", "lands-job": "rows-job"}
"""Roles of which only those permissions are taken that the other does not have alike, for its own export."""


@pytest.mark.parametrize("role", ROLES)
def test_a_role_may_do_what_it_has_to_and_nothing_else(stage: Stage, story: Story, role: str) -> None:
    """Without what only AWS asks for it still does everything; without anything else something fails."""
    alike = renamed(stage, role, LIKE_IN_PART[role]) if role in LIKE_IN_PART else {}
    shown = {str(permission) for permission in stage.role(LIKE_IN_PART.get(role, role)).permissions}
    known = [permission for permission, name in alike.items() if name in shown]
    proof = prove(stage.role(role), ROLES[role](story), known=known)
    assert not proof.findings, proof.summary()


def test_no_role_is_left_out(stage: Stage) -> None:
    """Of every construct that makes a role one is taken apart; others of its kind may do the same."""
    assert sorted(stage.roles()) == sorted([*ROLES, *ALIKE])
    for role, other in ALIKE.items():
        held = sorted(str(permission) for permission in stage.role(other).permissions)
        assert sorted(renamed(stage, role, other).values()) == held


def renamed(stage: Stage, role: str, other: str) -> dict[Permission, str]:
    """The permissions of a role as they would be if it were of the other role's export."""
    export, model = role.partition("-")[0], other.partition("-")[0]
    return {
        permission: str(permission).replace(export, model).replace(export.capitalize(), model.capitalize())
        for permission in stage.role(role).permissions
    }


def test_nothing_is_listed_as_documented_that_no_role_has(stage: Stage) -> None:
    """The list shrinks with the roles."""
    held = [
        (role.name, permission)
        for role in (stage.role(name) for name in stage.roles())
        for permission in role.permissions
    ]
    unused = [one for one in DOCUMENTED if not any(one.covers(*each) for each in held)]
    assert unused == []
