"""The CDK app: one common stack per region of the stage, and one per connection, export and group.

The only place that reads files, context or environment for a synth. Options of the CDK command line:
``-c config=path`` for another file than ``exports.yaml``, ``-c stage=name`` for another stage than its own,
``-c wheels=local`` for the packages of this machine instead of Glue's.
"""

import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

import aws_cdk as cdk
from cdk_nag import AwsSolutionsChecks

from exports_file import load
from lakeshot.config.exports import Config, parse_config
from lakeshot.errors import ConfigError
from lakeshot.names import ConnectionNames, ExportNames, GroupNames, StageNames
from stacks.common import CommonStack
from stacks.connection import ConnectionStack, check_endpoints, needs_stack
from stacks.constructs.certificates import certificates_file
from stacks.export import ExportStack
from stacks.group import GroupStack

REPOSITORY = Path(__file__).resolve().parent
WHEELS = REPOSITORY / "build" / "wheels"
FEATURES = {
    "@aws-cdk/aws-iam:minimizePolicies": True,
    "@aws-cdk/aws-s3:serverAccessLogsUseBucketPolicy": True,
    "@aws-cdk/core:checkSecretUsage": True,
}


def new_app(outdir: Path | None = None) -> cdk.App:
    """An empty app with our feature flags, checked by cdk-nag; ``outdir`` takes the cloud assembly."""
    app = cdk.App(
        analytics_reporting=False, context=dict(FEATURES), outdir=str(outdir) if outdir is not None else None
    )
    cdk.Validations.of(app).add_plugins(AwsSolutionsChecks(app))
    return app


def build_app(config: Config, *, app: cdk.App, wheels: Path = WHEELS / "aws") -> cdk.App:
    """Add all stacks of a config to an app; ConfigError if something of it cannot be deployed."""
    check_endpoints(config)
    for region, exports in config.regions().items():
        away = region is not None and region != config.region
        suffix = f"-{region}" if away else ""
        environment = cdk.Environment(region=region)
        common = CommonStack(
            app,
            f"{StageNames(stage=config.stage).common_stack}{suffix}",
            config=config,
            environment=environment,
            role_suffix=suffix,
        )
        connections = _connections(config, exports, app=app, environment=environment, suffix=suffix)
        for connection in connections.values():
            connection.add_stack_dependency(common, "a role is associated by a function of the common stack")
        stacks: dict[str, cdk.Stack] = {}
        for export in exports:
            stacks[export] = stack = ExportStack(
                app,
                ExportNames(stage=config.stage, export=export).resource,
                config=config,
                export=export,
                wheels=wheels,
                environment=environment,
                role_suffix=suffix,
            )
            stack.add_stack_dependency(common, "bucket, catalog and functions are the common stack's")
            source = config.exports[export].source
            if source.type != "dynamodb" and source.connection in connections:
                stack.add_stack_dependency(
                    connections[source.connection], "a job needs what its connection has"
                )
        for group, members in config.groups.items():
            if config.region_of(group) == region:
                together = GroupStack(
                    app,
                    GroupNames(stage=config.stage, group=group).resource,
                    config=config,
                    group=group,
                    environment=environment,
                    role_suffix=suffix,
                )
                for member in members.exports:
                    together.add_stack_dependency(stacks[member], "a group runs what its members deployed")
    return app


def _connections(
    config: Config, exports: Sequence[str], *, app: cdk.App, environment: cdk.Environment, suffix: str
) -> Mapping[str, cdk.Stack]:
    """The stacks of the connections that need one, of those that the exports of one region use."""
    sources = (config.exports[export].source for export in exports)
    used = dict.fromkeys(source.connection for source in sources if source.type != "dynamodb")
    return {
        name: ConnectionStack(
            app,
            f"{ConnectionNames(stage=config.stage, connection=name).resource}{suffix}",
            config=config,
            connection=name,
            environment=environment,
            role_suffix=suffix,
        )
        for name in used
        if needs_stack(config, name, environment.region)
    }


def read_config(path: Path, stage: str | None = None) -> Config:
    """The config in a file, for another stage if one is given; ConfigError if it cannot be used.

    Files that it names are beside it, and are there.
    """
    config = load(path)
    if stage is not None:
        config = parse_config(config.model_dump() | {"stage": stage}, origin="-c stage")
    found = {
        name: connection.model_copy(update={"tls_ca": str(path.resolve().parent / connection.tls_ca)})
        for name, connection in config.connections.items()
        if connection.tls_ca is not None
    }
    for name, connection in found.items():
        certificates_file(name, connection)
    return config.model_copy(update={"connections": {**config.connections, **found}})


def main() -> int:
    """Synthesise for the CDK command line; returns the exit code."""
    app = new_app()
    path = REPOSITORY / (_context(app, "config") or "exports.yaml")
    try:
        config = read_config(path, _context(app, "stage"))
        build_app(config, app=app, wheels=WHEELS / (_context(app, "wheels") or "aws"))
    except ConfigError as error:
        print(error, file=sys.stderr)  # noqa: T201 - the command line's own words
        return 1
    app.synth()
    return 0


def _context(app: cdk.App, key: str) -> str | None:
    value: str | None = app.node.try_get_context(key)
    return value


if __name__ == "__main__":
    sys.exit(main())
