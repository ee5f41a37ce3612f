"""Findings of cdk-nag and the CDK that are accepted, each with its reason, next to what it excuses."""

import aws_cdk as cdk
from constructs import IConstruct


def acknowledge(construct: IConstruct, rule: str, reason: str) -> None:
    """Accept a finding of an AwsSolutions rule, such as ``S1`` or ``IAM5[Resource::*]``."""
    accept(construct, f"AwsSolutions-{rule}", reason)


def accept(construct: IConstruct, finding_id: str, reason: str) -> None:
    """Accept a finding by its whole identifier, as the report of a synth has it."""
    cdk.Validations.of(construct).acknowledge(cdk.Acknowledgment(id=finding_id, reason=reason))


def finding(resource: object) -> str:
    """How cdk-nag spells a resolved resource in the identifier of a finding."""
    match resource:
        case str():
            return resource
        case {"Fn::Join": [delimiter, parts]}:
            return str(delimiter).join(finding(part) for part in parts)
        case {"Fn::GetAtt": [logical_id, attribute]}:
            return f"<{logical_id}.{attribute}>"
        case {"Fn::Sub": str(text)}:
            return text.replace("${", "<").replace("}", ">")
        case {"Ref": name}:
            return f"<{name}>"
        case _:
            raise ValueError(f"cdk-nag's spelling of {resource!r} is not known")
