"""What is deployed of one stage, as its stacks recorded it."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cached_property

from lakeshot.config.deployed import Deployed, DeployedGroup
from lakeshot.names import StageNames
from operate.clients import Clients
from operate.errors import CommandError
from operate.target import Target


class Deployment:
    """One stage in one region."""

    def __init__(self, stage: str, clients: Clients) -> None:
        self.names = StageNames(stage=stage)
        self.clients = clients

    def exports(self) -> Mapping[str, Deployed]:
        """Every deployed export by name, in the order of names."""
        found = (Deployed.model_validate_json(text) for text in self._values(self.names.parameter("")))
        return {deployed.export: deployed for deployed in sorted(found, key=lambda one: one.export)}

    def groups(self) -> Mapping[str, DeployedGroup]:
        """Every deployed group by name, in the order of names."""
        path = self.names.group_parameter("")
        found = (DeployedGroup.model_validate_json(text) for text in self._values(path))
        return {deployed.group: deployed for deployed in sorted(found, key=lambda one: one.group)}

    def target(self, name: str) -> Target | None:
        """The deployed export or group of a name, or None. CommandError if a group misses members."""
        deployed = self._value(self.names.parameter(name))
        if deployed is not None:
            return Target((Deployed.model_validate_json(deployed),))
        together = self._value(self.names.group_parameter(name))
        if together is None:
            return None
        group = DeployedGroup.model_validate_json(together)
        exports = self.exports()
        missing = [member for member in group.exports if member not in exports]
        if missing:
            raise CommandError(
                f"group {name!r} cannot be run: of its members, {', '.join(missing)} "
                f"{'is' if len(missing) == 1 else 'are'} not deployed. Deploy all of it with: make deploy"
            )
        return Target(tuple(exports[member] for member in group.exports), group)

    def _values(self, path: str) -> Iterator[str]:
        pages = self.clients.parameters.get_paginator("get_parameters_by_path").paginate(
            Path=path.rstrip("/")
        )
        return (item["Value"] for page in pages for item in page["Parameters"])

    def _value(self, parameter: str) -> str | None:
        try:
            return self.clients.parameters.get_parameter(Name=parameter)["Parameter"]["Value"]
        except self.clients.parameters.exceptions.ParameterNotFound:
            return None

    @cached_property
    def state_machine_arn(self) -> str:
        """ARN of the state machine that serves every export of the stage."""
        _, partition, *_, account = self.clients.identity.get_caller_identity()["Arn"].split(":")[:5]
        return (
            f"arn:{partition}:states:{self.clients.region}:{account}:stateMachine:{self.names.state_machine}"
        )

    def execution_arn(self, run: str) -> str:
        """ARN of a run's execution."""
        return f"{self.state_machine_arn.replace(':stateMachine:', ':execution:')}:{run}"


def find_target(deployments: Iterable[Deployment], name: str) -> tuple[Deployment, Target]:
    """Where an export or a group is deployed, and how. Raises CommandError that lists what is deployed."""
    exports: list[str] = []
    groups: list[str] = []
    for deployment in deployments:
        target = deployment.target(name)
        if target is not None:
            return deployment, target
        exports += deployment.exports()
        groups += deployment.groups()
    raise CommandError(
        f"no export or group {name!r} is deployed; deployed are the exports: {', '.join(exports) or 'none'}; "
        f"the groups: {', '.join(groups) or 'none'}. Add it to exports.yaml if it is new, then: make deploy"
    )


def deployments(stage: str, regions: Sequence[str | None]) -> tuple[Deployment, ...]:
    """The stage in each of its regions; None is the region of the environment."""
    return tuple(Deployment(stage, Clients(region)) for region in regions)
