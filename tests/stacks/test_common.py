"""The common stack: what must not break."""

from pathlib import Path

import pytest

from lakeshot.steps.environment import FunctionEnvironment
from stacks.constructs.layers import LAYER_ARNS, RECORDED_MB
from tests.stacks.isolation import REPOSITORY
from tests.stacks.template import TLS_ONLY, Template

BUCKET = "lakeshot-dev-123456789012-us-east-1"
MB = 1024**2


def test_buckets_are_private_encrypted_and_tls_only(common: Template) -> None:
    """No object of either bucket is public, unencrypted or readable over plain HTTP."""
    buckets = common.of_type("AWS::S3::Bucket")
    assert len(buckets) == 2
    for bucket in buckets:
        properties = bucket["Properties"]
        assert set(properties["PublicAccessBlockConfiguration"].values()) == {True}
        (rule,) = properties["BucketEncryption"]["ServerSideEncryptionConfiguration"]
        assert rule["ServerSideEncryptionByDefault"] == {"SSEAlgorithm": "AES256"}
    policies = common.of_type("AWS::S3::BucketPolicy")
    assert len(policies) == 2
    for policy in policies:
        denied = [s for s in policy["Properties"]["PolicyDocument"]["Statement"] if s["Effect"] == "Deny"]
        assert [statement["Condition"] for statement in denied] == [TLS_ONLY]


def test_data_outlives_the_stack_unless_asked_otherwise(common: Template) -> None:
    """Buckets and run table are retained by default, unless their very creation was rolled back."""
    kept = [*common.of_type("AWS::S3::Bucket"), *common.of_type("AWS::DynamoDB::Table")]
    assert [resource["DeletionPolicy"] for resource in kept] == ["RetainExceptOnCreate"] * 3


def test_the_catalog_outlives_the_stack(common: Template) -> None:
    """The database is retained, and with it the tables that runs made of the retained files."""
    (database,) = common.of_type("AWS::Glue::Database")
    assert (database["DeletionPolicy"], database["UpdateReplacePolicy"]) == (
        "RetainExceptOnCreate",
        "Retain",
    )


def test_bucket_forgets_only_what_is_nobodys(common: Template) -> None:
    """Uploads are aborted only after the longest run; versions and query results expire."""
    bucket = common.only("AWS::S3::Bucket", BucketName=BUCKET)
    assert bucket["VersioningConfiguration"] == {"Status": "Enabled"}
    rules = {rule.pop("Id"): rule for rule in bucket["LifecycleConfiguration"]["Rules"]}
    assert rules == {
        "unfinished-uploads": {
            "AbortIncompleteMultipartUpload": {"DaysAfterInitiation": 9},
            "Status": "Enabled",
        },
        "raw-exports": {"ExpirationInDays": 15, "Prefix": "dynamodb_exports/", "Status": "Enabled"},
        "noncurrent-versions": {
            "ExpiredObjectDeleteMarker": True,
            "NoncurrentVersionExpiration": {"NoncurrentDays": 30},
            "Status": "Enabled",
        },
        "query-results": {"ExpirationInDays": 30, "Prefix": "athena/", "Status": "Enabled"},
    }


def test_queries_cannot_write_elsewhere(common: Template) -> None:
    """The workgroup's own result location and encryption win over a client's."""
    configuration = common.only("AWS::Athena::WorkGroup", Name="lakeshot-dev")["WorkGroupConfiguration"]
    assert configuration["EnforceWorkGroupConfiguration"] is True
    result = common.text(configuration["ResultConfiguration"])
    assert result["EncryptionConfiguration"] == {"EncryptionOption": "SSE_S3"}
    assert result["OutputLocation"] == f"s3://{BUCKET}/athena/"


def test_run_table_can_be_restored_and_forgets_by_itself(common: Template) -> None:
    """Keys, recovery and expiry are what locks and records rely on."""
    table = common.only("AWS::DynamoDB::Table", TableName="lakeshot-dev-runs")
    assert table["KeySchema"] == [
        {"AttributeName": "pk", "KeyType": "HASH"},
        {"AttributeName": "sk", "KeyType": "RANGE"},
    ]
    assert table["BillingMode"] == "PAY_PER_REQUEST"
    assert table["PointInTimeRecoverySpecification"] == {"PointInTimeRecoveryEnabled": True}
    assert table["TimeToLiveSpecification"] == {"AttributeName": "expires_at", "Enabled": True}


def test_notices_are_encrypted_and_reach_people(common: Template) -> None:
    """The topic takes TLS only, is encrypted, and has a subscription for every address."""
    topic = common.only("AWS::SNS::Topic", TopicName="lakeshot-dev-notices")
    assert common.text(topic["KmsMasterKeyId"]).endswith("alias/aws/sns")
    (policy,) = common.of_type("AWS::SNS::TopicPolicy")
    (statement,) = policy["Properties"]["PolicyDocument"]["Statement"]
    assert (statement["Effect"], statement["Condition"]) == (
        "Deny",
        TLS_ONLY,
    )
    (subscription,) = common.of_type("AWS::SNS::Subscription")
    assert (subscription["Properties"]["Protocol"], subscription["Properties"]["Endpoint"]) == (
        "email",
        "team@example.com",
    )


@pytest.mark.parametrize(
    ("step", "seconds", "memory_mb"),
    [
        ("plan", 120, 1024),
        ("verify_files", 900, 3008),
        ("catalog", 600, 1024),
        ("verify_readable", 600, 1024),
        ("publish", 600, 1024),
        ("retain", 900, 1024),
        ("report", 60, 1024),
        ("close", 900, 1024),
        ("view", 300, 1024),
        ("database_role", 900, 512),
    ],
)
def test_every_function_runs_its_own_file(step: str, seconds: int, memory_mb: int, common: Template) -> None:
    """A function is the file of its step, with its own role and log, traced, on Lambda's newest Python."""
    name = f"lakeshot-dev-{step.replace('_', '-')}"
    function = common.only("AWS::Lambda::Function", FunctionName=name)
    assert function["Handler"] == f"{step}.handler"
    assert (REPOSITORY / "lambdas" / f"{step}.py").is_file()
    assert (function["Timeout"], function["MemorySize"]) == (seconds, memory_mb)
    assert (function["Runtime"], function["Architectures"]) == ("python3.14", ["x86_64"])
    assert function["TracingConfig"] == {"Mode": "Active"}
    assert len(function["Layers"]) == 3
    role = common.document["Resources"][function["Role"]["Fn::GetAtt"][0]]["Properties"]
    assert role["RoleName"] == name
    assert common.only("AWS::Logs::LogGroup", LogGroupName=f"/aws/lambda/{name}")["RetentionInDays"] == 90


def test_functions_parse_the_environment_that_the_stack_sets(common: Template) -> None:
    """Both sides use one type."""
    function = common.only("AWS::Lambda::Function", FunctionName="lakeshot-dev-close")
    environment = FunctionEnvironment.parse(common.text(function["Environment"]["Variables"]))
    assert environment.stage == "dev"
    assert environment.topic_arn.startswith("<AlertsTopic")


def test_layers_are_literal_in_every_known_region(common: Template) -> None:
    """Where the region is not known at synth, it is looked up in a table of literal ARNs."""
    (mapping,) = common.document["Mappings"].values()
    assert len(mapping) == 18
    assert mapping["eu-central-1"] == {
        "pandas": "arn:aws:lambda:eu-central-1:336392948345:layer:AWSSDKPandas-Python314:5",
        "powertools": "arn:aws:lambda:eu-central-1:017000801446:layer:"
        "AWSLambdaPowertoolsPythonV3-python314-x86_64:37",
    }


def test_function_and_layers_fit_into_lambda(common: Template, assembly: Path) -> None:
    """What is uploaded of ours and the recorded sizes of the public layers stay under 250 MB, unzipped."""
    function = common.only("AWS::Lambda::Function", FunctionName="lakeshot-dev-plan")
    (library,) = common.of_type("AWS::Lambda::LayerVersion")
    keys = [function["Code"]["S3Key"], library["Properties"]["Content"]["S3Key"]]
    own = [_size(assembly / f"asset.{key.removesuffix('.zip')}") for key in keys]
    assert min(own) > 0
    assert RECORDED_MB.keys() == LAYER_ARNS["us-east-1"].keys()
    assert sum(own) + sum(RECORDED_MB.values()) * MB < 250 * MB


def _size(folder: Path) -> int:
    """Bytes of all files in a folder."""
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
