"""The public layers that carry what the helper functions import.

ARNs are literal, because a version looked up at deploy time would differ from the tested one.
AWS SDK for pandas (awswrangler, pandas, pyarrow): docs/source/layers.rst of aws/aws-sdk-pandas; version 5 is
the last before release 3.16.1, whose layer is 37 MB larger (its issue 3331). Powertools (with pydantic):
docs/getting-started/install.md of aws-powertools/powertools-lambda-python. A region is here if both are
published in it by these accounts.
"""

from collections.abc import Mapping, Sequence

import aws_cdk as cdk
from aws_cdk import aws_lambda as lambda_
from constructs import Construct

from lakeshot.errors import ConfigError

RUNTIME = lambda_.Runtime.PYTHON_3_14
_REGIONS = (
    "af-south-1",
    "ap-northeast-1",
    "ap-northeast-2",
    "ap-northeast-3",
    "ap-south-1",
    "ap-southeast-1",
    "ap-southeast-2",
    "ca-central-1",
    "eu-central-1",
    "eu-north-1",
    "eu-west-1",
    "eu-west-2",
    "eu-west-3",
    "sa-east-1",
    "us-east-1",
    "us-east-2",
    "us-west-1",
    "us-west-2",
)
_LAYERS = {
    "pandas": "336392948345:layer:AWSSDKPandas-Python314:5",
    "powertools": "017000801446:layer:AWSLambdaPowertoolsPythonV3-python314-x86_64:37",
}
RECORDED_MB = {"pandas": 167, "powertools": 40}
"""Unzipped sizes as others recorded them, as no layer can be fetched without an account.

pandas: measured with du in issue 3331 for the releases before 3.16.1. powertools: the installed packages of
powertools[all], rounded up. To be looked up anew with every new version of a layer.
"""
LAYER_ARNS: Mapping[str, Mapping[str, str]] = {
    region: {name: f"arn:aws:lambda:{region}:{layer}" for name, layer in _LAYERS.items()}
    for region in _REGIONS
}
"""Public layers by region and name."""


class PublicLayers(Construct):
    """The public layers in the stack's region; ConfigError if that region has none."""

    def __init__(self, scope: Construct, id_: str) -> None:
        super().__init__(scope, id_)
        region = cdk.Stack.of(self).region
        self.versions: Sequence[lambda_.ILayerVersion] = [
            lambda_.LayerVersion.from_layer_version_arn(self, name.capitalize(), arn)
            for name, arn in self._arns(region).items()
        ]

    def _arns(self, region: str) -> Mapping[str, str]:
        if not cdk.Token.is_unresolved(region):
            if region not in LAYER_ARNS:
                raise ConfigError(
                    f"region {region!r}: no public Lambda layers are known for it; known regions are "
                    f"{', '.join(LAYER_ARNS)}. Deploy to one of them, or add the region "
                    "to stacks/constructs/layers.py"
                )
            return LAYER_ARNS[region]
        by_region = cdk.CfnMapping(self, "ByRegion", mapping=LAYER_ARNS)
        return {name: by_region.find_in_map(cdk.Aws.REGION, name) for name in _LAYERS}
