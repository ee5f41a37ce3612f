"""What is deployed, as the stacks left it in SSM parameters."""

from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from lakeshot.config.deployed import Deployed, DeployedGroup
from lakeshot.errors import PayloadError
from lakeshot.names import StageNames
from lakeshot.refusals import error_code, refusals_named

if TYPE_CHECKING:
    from mypy_boto3_ssm.client import SSMClient

_NO_SUCH_PARAMETER = ("ParameterNotFound", "ValidationException")
"""SSM says the second of a name that no parameter could have."""


def read_deployed(ssm: "SSMClient", names: StageNames, export: str) -> Deployed:
    """What is deployed under an export's name; PayloadError if nothing is."""
    return Deployed.model_validate_json(
        _read(ssm, names.parameter(export), f"export {export!r}", names.stage)
    )


def read_deployed_group(ssm: "SSMClient", names: StageNames, group: str) -> DeployedGroup:
    """What is deployed under a group's name; PayloadError if nothing is."""
    parameter = names.group_parameter(group)
    return DeployedGroup.model_validate_json(_read(ssm, parameter, f"group {group!r}", names.stage))


def _read(ssm: "SSMClient", parameter: str, what: str, stage: str) -> str:
    try:
        with refusals_named("ssm:GetParameter", parameter):
            return ssm.get_parameter(Name=parameter)["Parameter"]["Value"]
    except ClientError as error:
        if error_code(error) not in _NO_SUCH_PARAMETER:
            raise
        raise PayloadError(
            f"no {what} is deployed in stage {stage!r} (there is no parameter {parameter}); "
            "see what is with: make status, or deploy it with: make deploy"
        ) from error
