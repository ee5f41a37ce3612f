"""What is deployed of one stage, as its stacks recorded it."""

from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property

from lakeshot.config.deployed import Deployed
from lakeshot.names import StageNames
from operate.clients import Clients
from operate.errors import CommandError


class Deployment:
    """One stage in one region."""

    def __init__(self, stage: str, clients: Clients) -> None:
        self.names = StageNames(stage=stage)
        self.clients = clients

    def exports(self) -> Mapping[str, Deployed]:
        """Every deployed export by name, in the order of names."""
        pages = self.clients.parameters.get_paginator("get_parameters_by_path").paginate(
            Path=self.names.parameter("").rstrip("/")
        )
        found = (Deployed.model_validate_json(item["Value"]) for page in pages for item in page["Parameters"])
        return {deployed.export: deployed for deployed in sorted(found, key=lambda one: one.export)}

    def export(self, name: str) -> Deployed | None:
        """One deployed export, or None."""
        try:
            answer = self.clients.parameters.get_parameter(Name=self.names.parameter(name))
        except self.clients.parameters.exceptions.ParameterNotFound:
            return None
        return Deployed.model_validate_json(answer["Parameter"]["Value"])

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


def find_export(deployments: Iterable[Deployment], name: str) -> tuple[Deployment, Deployed]:
    """Where an export is deployed, and how. Raises CommandError that lists what is deployed."""
    others: list[str] = []
    for deployment in deployments:
        deployed = deployment.export(name)
        if deployed is not None:
            return deployment, deployed
        others += deployment.exports()
    raise CommandError(
        f"export {name!r} is not deployed; deployed are: {', '.join(others) or 'none'}. "
        "Add it to exports.yaml if it is new, then: make deploy"
    )


def deployments(stage: str, regions: Sequence[str | None]) -> tuple[Deployment, ...]:
    """The stage in each of its regions; None is the region of the environment."""
    return tuple(Deployment(stage, Clients(region)) for region in regions)
