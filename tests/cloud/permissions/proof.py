"""The proof that a role has no permission too many: each is taken away alone, and something fails."""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase

from tests.cloud.permissions.documented import DOCUMENTED, Documented
from tests.cloud.permissions.roles import Permission, Role

_REFUSALS = ("not authorized to perform", "may not perform", "AccessDenied", "Forbidden")


class NotDoneError(Exception):
    """What a role is there for did not happen, though nobody was told of a refusal."""


@dataclass(frozen=True, eq=False)
class Situation:
    """Something a role is there for. ``act`` makes the situation, does it, and raises if it was not done.

    ``about`` are patterns of the permissions for whose sake the situation is told ("glue:Get* on *"), so it
    is tried first for them. Where a refusal reaches nobody by its name, ``silent``, it is enough that the
    thing is not done.
    """

    name: str
    act: Callable[[], None]
    about: tuple[str, ...] = ()
    silent: bool = False

    def is_about(self, permission: Permission) -> bool:
        """Whether the permission is one that this situation is told for."""
        return any(fnmatchcase(f"{permission.action} on {permission.resource}", one) for one in self.about)

    def refusal(self) -> str | None:
        """What is said when it cannot be done for lack of a permission; None if it is done."""
        try:
            self.act()
        except NotDoneError as error:
            return str(error)
        except Exception as error:
            if any(word in str(error) for word in _REFUSALS):
                return f"{type(error).__name__}: {error}"
            raise
        return None


@dataclass
class Proof:
    """What was found out about one role."""

    role: str
    shown: dict[Permission, str] = field(default_factory=dict)
    documented: dict[Permission, Documented] = field(default_factory=dict)
    findings: list[str] = field(default_factory=list)

    def summary(self) -> str:
        """All findings, to be read by whoever has to change the role or the list."""
        counts = (
            f"{len(self.shown)} permissions were missed when taken, {len(self.documented)} are documented"
        )
        return "\n".join([f"role {self.role}: {counts}; {len(self.findings)} findings", *self.findings])


def prove(role: Role, situations: Sequence[Situation], *, known: Collection[Permission] = ()) -> Proof:
    """Take all documented permissions and see nothing fail, then each other one and see something fail.

    Those that are ``known`` were taken from another role that is made alike.
    """
    proof = Proof(role.name)
    for permission in role.permissions:
        if found := next((one for one in DOCUMENTED if one.covers(role.name, permission)), None):
            proof.documented[permission] = found
    with role.without(proof.documented.keys()):
        refusals = {situation: situation.refusal() for situation in situations}
    able = [situation for situation, told in refusals.items() if told is None]
    proof.findings += [
        f"- {situation.name!r}\n  should be done without what is listed as never asked for here, but: {told}"
        for situation, told in refusals.items()
        if told is not None
    ]
    for permission in role.permissions:
        if permission not in proof.documented and permission not in known:
            _take(role, permission, able, proof)
    return proof


def _take(role: Role, permission: Permission, situations: Sequence[Situation], proof: Proof) -> None:
    for situation in sorted(situations, key=lambda one: not one.is_about(permission)):
        with role.without([permission]):
            told = situation.refusal()
        if told is None:
            continue
        if not situation.silent and permission.action not in told:
            proof.findings.append(
                f"- {permission}\n  was taken, so {situation.name!r} should have failed by that name, "
                f"but: {told}"
            )
        proof.shown[permission] = situation.name
        return
    tried = ", ".join(repr(one.name) for one in situations)
    proof.findings.append(
        f"- {permission}\n  was taken, and one of these should have failed, but none did: {tried}. Remove "
        "it from the construct, add the situation it is for, or list it if only AWS asks for it"
    )
