"""What a Glue job is made of, as assets in the bootstrap bucket."""

from hashlib import sha256
from pathlib import Path

import aws_cdk as cdk
from aws_cdk import aws_s3_assets as assets
from constructs import Construct

from lakeshot.errors import ConfigError
from stacks.constructs.function import NOT_CODE, REPOSITORY


class JobCode(Construct):
    """Script, library and wheels of a job: their S3 URIs, and the ARNs of just these objects.

    ``wheels`` is the folder of the zips that ``make wheels`` writes, one per Glue version.
    """

    def __init__(self, scope: Construct, id_: str, *, script: str, glue_version: str, wheels: Path) -> None:
        super().__init__(scope, id_)
        zipped = wheels / f"glue-{glue_version}.gluewheels.zip"
        if not zipped.is_file():
            raise ConfigError(f"{zipped} is missing; fetch the job's packages with: make wheels")
        script_asset = assets.Asset(self, "Script", path=str(REPOSITORY / "glue_scripts" / script))
        library = assets.Asset(self, "Library", path=str(REPOSITORY / "core" / "python"), exclude=NOT_CODE)
        # Glue knows a zip of wheels by its name alone, so the object's key has to keep the double suffix.
        digest = sha256(zipped.read_bytes()).hexdigest()
        stored = cdk.Stack.of(self).synthesizer.add_file_asset(
            source_hash=f"{digest}.gluewheels",
            file_name=str(zipped),
            packaging=cdk.FileAssetPackaging.FILE,
            display_name=zipped.name,
        )
        self.script_uri = script_asset.s3_object_url
        self.library_uri = library.s3_object_url
        self.wheels_uri = f"s3://{stored.bucket_name}/{stored.object_key}"
        self.object_arns = [
            f"arn:{cdk.Aws.PARTITION}:s3:::{bucket}/{key}"
            for bucket, key in (
                (script_asset.s3_bucket_name, script_asset.s3_object_key),
                (library.s3_bucket_name, library.s3_object_key),
                (stored.bucket_name, stored.object_key),
            )
        ]
