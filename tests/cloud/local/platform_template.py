"""A template of what Lakeshot's stacks use beyond jobs and catalog, in its smallest form."""

import json

FUNCTION = """
import json, os, urllib.request
import boto3

def handler(event, context):
    if "ResponseURL" in event:
        body = {key: event[key] for key in ("StackId", "RequestId", "LogicalResourceId")}
        body |= {"Status": "SUCCESS", "PhysicalResourceId": "made", "Data": {"Answer": "42"}}
        request = urllib.request.Request(event["ResponseURL"], json.dumps(body).encode(), method="PUT")
        urllib.request.urlopen(request).read()
        return
    boto3.client("sqs").send_message(QueueUrl=os.environ["QUEUE"], MessageBody=json.dumps(event))
"""

SLEEP = {"StartAt": "Wait", "States": {"Wait": {"Type": "Wait", "Seconds": 600, "End": True}}}


def role(service: str, action: str, resource: object) -> dict[str, object]:
    trust = {"Effect": "Allow", "Principal": {"Service": service}, "Action": "sts:AssumeRole"}
    allow = {"Effect": "Allow", "Action": action, "Resource": resource}
    return {
        "Type": "AWS::IAM::Role",
        "Properties": {
            "AssumeRolePolicyDocument": {"Version": "2012-10-17", "Statement": [trust]},
            "Policies": [
                {"PolicyName": "allowed", "PolicyDocument": {"Version": "2012-10-17", "Statement": [allow]}}
            ],
        },
    }


def arn(name: str) -> dict[str, list[str]]:
    return {"Fn::GetAtt": [name, "Arn"]}


TEMPLATE: dict[str, dict[str, object]] = {
    "Resources": {
        "Events": {"Type": "AWS::SQS::Queue", "Properties": {"QueueName": "events"}},
        "DeadLetters": {"Type": "AWS::SQS::Queue", "Properties": {"QueueName": "dead-letters"}},
        "FunctionRole": role("lambda.amazonaws.com", "sqs:SendMessage", arn("Events")),
        "Function": {
            "Type": "AWS::Lambda::Function",
            "Properties": {
                "FunctionName": "listener",
                "Runtime": "python3.11",
                "Handler": "index.handler",
                "Timeout": 30,
                "Role": arn("FunctionRole"),
                "Code": {"ZipFile": FUNCTION},
                "Environment": {"Variables": {"QUEUE": {"Ref": "Events"}}},
            },
        },
        "Custom": {"Type": "Custom::Thing", "Properties": {"ServiceToken": arn("Function")}},
        "Parameter": {
            "Type": "AWS::SSM::Parameter",
            "Properties": {
                "Name": "/lakeshot/dev/answer",
                "Type": "String",
                "Value": {"Fn::GetAtt": ["Custom", "Answer"]},
            },
        },
        "MachineRole": role("states.amazonaws.com", "sns:Publish", "arn:aws:sns:*:*:none"),
        "Machine": {
            "Type": "AWS::StepFunctions::StateMachine",
            "Properties": {
                "StateMachineName": "watched",
                "RoleArn": arn("MachineRole"),
                "DefinitionString": json.dumps(SLEEP),
            },
        },
        "Rule": {
            "Type": "AWS::Events::Rule",
            "Properties": {
                "EventPattern": {
                    "source": ["aws.states"],
                    "detail-type": ["Step Functions Execution Status Change"],
                    "detail": {
                        "status": ["FAILED", "TIMED_OUT", "ABORTED"],
                        "stateMachineArn": [{"Ref": "Machine"}],
                    },
                },
                "Targets": [{"Id": "listener", "Arn": arn("Function")}],
            },
        },
        "RulePermission": {
            "Type": "AWS::Lambda::Permission",
            "Properties": {
                "Action": "lambda:InvokeFunction",
                "FunctionName": arn("Function"),
                "Principal": "events.amazonaws.com",
                "SourceArn": arn("Rule"),
            },
        },
        "ScheduleRole": role("scheduler.amazonaws.com", "states:StartExecution", {"Ref": "Machine"}),
        "Schedule": {
            "Type": "AWS::Scheduler::Schedule",
            "Properties": {
                "Name": "due",
                "ScheduleExpression": "at(2026-01-01T00:00:00)",
                "FlexibleTimeWindow": {"Mode": "OFF"},
                "Target": {
                    "Arn": {"Ref": "Machine"},
                    "RoleArn": arn("ScheduleRole"),
                    "Input": '{"scheduled_time": "<aws.scheduler.scheduled-time>"}',
                },
            },
        },
        "BuryingRole": role("scheduler.amazonaws.com", "sqs:SendMessage", arn("DeadLetters")),
        "DeniedSchedule": {
            "Type": "AWS::Scheduler::Schedule",
            "Properties": {
                "Name": "denied",
                "ScheduleExpression": "at(2026-01-01T00:00:00)",
                "FlexibleTimeWindow": {"Mode": "OFF"},
                "Target": {
                    "Arn": {"Ref": "Machine"},
                    "RoleArn": arn("BuryingRole"),
                    "Input": '{"buried": true}',
                    "DeadLetterConfig": {"Arn": arn("DeadLetters")},
                },
            },
        },
        "Topic": {"Type": "AWS::SNS::Topic", "Properties": {"TopicName": "notices"}},
    }
}
