"""Rules of security groups as resources of their own, which ministack's CloudFormation does not know.

A group that lets in itself can only be written so.
https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-ec2-securitygroupingress.html
"""

from uuid import uuid4

from ministack.services import ec2
from ministack.services.cloudformation import provisioners

from local.hooks.operations import JsonObject

DIRECTIONS = {
    "AWS::EC2::SecurityGroupIngress": "IpPermissions",
    "AWS::EC2::SecurityGroupEgress": "IpPermissionsEgress",
}


def supply_security_group_rules() -> None:
    """Let templates add rules to security groups, and remove them again."""
    for kind, direction in DIRECTIONS.items():
        provisioners._RESOURCE_HANDLERS[kind] = {"create": _creator(direction), "delete": _remover(direction)}


def _creator(direction: str) -> object:
    def create(_logical_id: str, props: JsonObject, _stack_name: str) -> tuple[str, JsonObject]:
        group = ec2._security_groups.get(props.get("GroupId"))
        if group is None:
            raise ValueError(f"The security group '{props.get('GroupId')}' does not exist")
        group.setdefault(direction, []).extend(provisioners._ec2_sg_permissions([props]))
        rule = f"sgr-{uuid4().hex[:17]}"
        return rule, {"Id": rule}

    return create


def _remover(direction: str) -> object:
    def delete(_physical_id: str, props: JsonObject) -> None:
        group = ec2._security_groups.get(props.get("GroupId"), {})
        for rule in provisioners._ec2_sg_permissions([props]):
            if rule in group.get(direction, []):
                group[direction].remove(rule)

    return delete
