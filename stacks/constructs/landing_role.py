"""The role under which a database writes the files of exports itself, and what it writes by that role."""

from collections.abc import Sequence

from constructs import Construct

from lakeshot.config.exports import Config
from lakeshot.config.role_holder import RoleHolder
from lakeshot.names import ConnectionNames, ExportNames
from stacks.constructs.arns import Arns
from stacks.constructs.file_keys import WRITE, use_file_keys
from stacks.constructs.role import ServiceRole


class LandingRole(ServiceRole):
    """Taken by one cluster or instance alone, to write data files of ``exports`` alone.

    https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/postgresql-s3-export-access-bucket.html
    """

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        names: ConnectionNames,
        holder: RoleHolder,
        config: Config,
        exports: Sequence[str],
        arns: Arns,
        role_suffix: str,
    ) -> None:
        super().__init__(
            scope,
            id_,
            role_name=f"{names.landing_role}{role_suffix}",
            service="rds.amazonaws.com",
            source_arn=arns.rds(holder.resource),
        )
        prefixes = [ExportNames(stage=config.stage, export=export).data_prefix for export in exports]
        self.allow(
            "s3:AbortMultipartUpload",
            "s3:PutObject",
            on=[arns.objects(prefix) for prefix in prefixes],
            reason="Every run has the database write new keys below the export's own prefix.",
        )
        use_file_keys(self, config.landing_keys(exports), WRITE, arns)
