"""What Glue says when a job does not even begin, and what to do about it.

https://docs.aws.amazon.com/glue/latest/dg/glue-troubleshooting-errors.html has some; the wording of the
others is known from people who met them. AWS promises none.
"""

import re
from collections.abc import Mapping

_DEPLOY = "deploy with: make deploy"
_NETWORK = "the connection's network"
_MEANINGS: Mapping[str, str] = {
    "lacks the arguments": f"the deployed job is of a version that cannot be examined; {_DEPLOY}",
    "not have enough free addresses|Resource unavailable": (
        f"each worker takes an address of the subnet and keeps it for a while: give {_NETWORK} another "
        "subnet, or wait until the addresses of other jobs are free"
    ),
    "(?i:subnet.* does not exist)|InvalidSubnetID": f"correct 'subnets' of {_NETWORK}, then {_DEPLOY}",
    "(?i:security group.* does not exist)|InvalidGroup": (
        f"correct 'security_groups' of {_NETWORK}, then {_DEPLOY}"
    ),
    "not authorized to perform|unauthorized|Failed to call ec2:|have a permission|Access ?Denied": (
        f"the job's role is not as it was deployed, or something above it forbids that: {_DEPLOY}; or ask "
        "whoever keeps the account's policies"
    ),
    "Could not find S3 endpoint or NAT gateway|S3 endpoint validation failed": (
        f"the job's subnet has no way to S3: put 's3' among 'endpoints' of {_NETWORK}, with the subnet's "
        f"'route_tables', and {_DEPLOY}"
    ),
    "must open all (?:in|e)gress ports": (
        f"Lakeshot's security group lost the rule that lets workers reach each other: {_DEPLOY}"
    ),
    "Could not find subnet for AZ": (
        f"Glue cannot use that availability zone: give {_NETWORK} a subnet in another one"
    ),
    "No private DNS": "set 'enableDnsHostnames' of the VPC",
    "(?i:connection .*not found|unable to find connection|resolve any valid connection)": (
        "the connection's stack is gone, or none of its subnets can be used: look at 'subnets' in "
        f"exports.yaml, then {_DEPLOY}"
    ),
    "assume role": f"the job's role is gone, or does not trust Glue any more: {_DEPLOY}",
    "(?i:timed out|unable to execute http request|could not connect to the endpoint)": (
        "the job's subnet has no way to AWS: give it a NAT gateway, or put the service that is named among "
        f"'endpoints' of {_NETWORK}"
    ),
    "NoSuchKey|NoSuchBucket|does not exist": f"what the job is made of is gone: {_DEPLOY}",
    "(?i:concurrent (?:runs|capacity)|limit ?exceeded|maximum concurrent)": (
        "the account or the job has as many runs or workers as it may: wait until some have ended, or have "
        "the quota raised"
    ),
    "(?i:insufficient)": (
        "AWS has no such workers free at the moment: try again in a while, or choose another 'worker_type'"
    ),
}
"""By a pattern of Glue's words, the first that fits."""


def meaning(message: str) -> str | None:
    """What a message of Glue's means and what to do; None if nobody has met it."""
    return next((told for pattern, told in _MEANINGS.items() if re.search(pattern, message)), None)
