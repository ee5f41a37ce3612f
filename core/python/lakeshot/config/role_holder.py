"""Who writes files to S3 in a database's place: the cluster or instance that holds a role, and that role."""

from typing import Annotated, Literal, NamedTuple

from pydantic import Field

from lakeshot.config.allowed import allowed

_IDENTIFIER = Field(pattern=r"^[a-z](-?[a-z0-9]){0,62}$")


def _identifier_of(what: str, example: str) -> str:
    return (
        f"the identifier of {what}, such as {example}: 1 to 63 lower-case letters and digits, a letter "
        "first, with single hyphens between"
    )


InstanceId = Annotated[str, _IDENTIFIER, allowed(_identifier_of("a DB instance", "shop-instance-1"))]
ClusterId = Annotated[str, _IDENTIFIER, allowed(_identifier_of("a DB cluster", "shop"))]
RoleArn = Annotated[
    str,
    Field(pattern=r"^arn:[a-z-]+:iam::[0-9]{12}:role/[A-Za-z0-9+=,.@_/-]{1,576}$"),
    allowed("the ARN of an IAM role, such as arn:aws:iam::123456789012:role/shop-export"),
]


class RoleHolder(NamedTuple):
    """A cluster or an instance by its identifier; each holds one role for a feature."""

    kind: Literal["cluster", "instance"]
    identifier: str

    @property
    def resource(self) -> str:
        """The last part of its ARN."""
        return f"{'cluster' if self.kind == 'cluster' else 'db'}:{self.identifier}"
