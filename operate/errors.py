"""What a command tells when it cannot do what it was asked."""

from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    EndpointConnectionError,
    NoCredentialsError,
    NoRegionError,
    SSLError,
)

from lakeshot.errors import LakeshotError
from lakeshot.refusals import error_code, refusal


class CommandError(LakeshotError):
    """A command cannot do what it was asked; the message says what to do instead."""


class UsageError(CommandError):
    """What was given to a command cannot be used; nothing was tried."""


_EXPIRED = frozenset(
    {"ExpiredToken", "ExpiredTokenException", "InvalidClientTokenId", "UnrecognizedClientException"}
)


def told(error: ClientError | BotoCoreError) -> str:
    """An error of the AWS SDK in one line that says what to do."""
    if isinstance(error, ClientError):
        return _told_by_service(error)
    if isinstance(error, NoCredentialsError):
        return (
            "no AWS credentials were found: set AWS_PROFILE to the account Lakeshot is deployed in, or start "
            "the embedded cloud with `make local`"
        )
    if isinstance(error, NoRegionError):
        return "no AWS region was found: set AWS_REGION, or `region` in exports.yaml"
    if isinstance(error, EndpointConnectionError | SSLError):
        return f"{error} Is that endpoint up, and are AWS_ENDPOINT_URL and AWS_CA_BUNDLE meant for it?"
    return f"the AWS SDK says: {error}"


def _told_by_service(error: ClientError) -> str:
    denied = refusal(error, f"the operation {error.operation_name}", "this stage")
    if denied is not None:
        return str(denied)
    if error_code(error) in _EXPIRED:
        return "the AWS credentials are expired or unknown there: log in again, or look at AWS_PROFILE"
    return f"AWS did not carry out {error.operation_name}: {error.response['Error'].get('Message', error)}"
