"""Rules of security groups that a template adds to a group."""

import pytest
from ministack.services import ec2
from ministack.services.cloudformation import provisioners

from local.hooks.networks import supply_security_group_rules


def test_a_template_lets_a_group_in_by_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    """The rule is the group's as long as the resource exists."""
    monkeypatch.setattr(provisioners, "_RESOURCE_HANDLERS", dict(provisioners._RESOURCE_HANDLERS))
    supply_security_group_rules()
    group_id, _ = provisioners._ec2_sg_create("Group", {"GroupDescription": "g"}, "stack")
    properties = {
        "GroupId": group_id,
        "SourceSecurityGroupId": group_id,
        "IpProtocol": "tcp",
        "FromPort": 0,
        "ToPort": 65535,
    }
    handlers = provisioners._RESOURCE_HANDLERS["AWS::EC2::SecurityGroupIngress"]
    rule, _ = handlers["create"]("Rule", properties, "stack")
    group = ec2._security_groups[group_id]
    (made,) = group["IpPermissions"]
    assert (made["FromPort"], made["ToPort"]) == (0, 65535)
    assert made["UserIdGroupPairs"] == [{"GroupId": group_id}]
    handlers["delete"](rule, properties)
    assert group["IpPermissions"] == []
    with pytest.raises(ValueError, match="'sg-0' does not exist"):
        handlers["create"]("Rule", {**properties, "GroupId": "sg-0"}, "stack")
