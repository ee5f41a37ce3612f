"""``python -m demo.local start|stop``: an embedded cloud with everything deployed, which stays."""

import argparse
import os
import shlex
import sys
from collections.abc import Sequence
from pathlib import Path

import boto3

import exports_file
from demo import events, reviews
from demo.cdk import Cdk
from demo.narrator import Narrator, StepFailedError
from lakeshot.config.exports import Config
from lakeshot.errors import ConfigError
from lakeshot.names import ExportNames, StageNames
from local.instance import Instance
from operate.embedded_cloud import DIRECTORY, point_at

PORT = 4566
"""The port that tools for local clouds expect."""
EVENTS = 5_000
"""Enough to see an export at work, and made in seconds."""


def main(argv: Sequence[str]) -> int:
    """Start or stop; the exit code is 1 if that was not possible."""
    parser = argparse.ArgumentParser(prog="python -m demo.local", description="A deployment that stays")
    parser.add_argument("command", choices=("start", "stop"))
    parser.add_argument(
        "-c", "--config", type=Path, default=Path("exports.yaml"), help="default: %(default)s"
    )
    given = parser.parse_args(argv)
    if given.command == "stop":
        return stop()
    try:
        start(given.config)
    except ConfigError as error:
        print(error, file=sys.stderr)
        return 1
    except StepFailedError as error:
        print(f"{error}\nThe cloud is left as it is; end it with: make stop", file=sys.stderr)
        return 1
    return 0


def start(file: Path, directory: Path = DIRECTORY) -> None:
    """Start the cloud unless it runs, make the sample config's tables, and deploy a config to it.

    Raises ConfigError before anything is started, and StepFailedError.
    """
    config = exports_file.load(file)
    narrator = Narrator(sys.stdout)
    cloud = Instance.find(directory)
    if cloud is None:
        with narrator.step("Start the embedded cloud, with IAM and TLS on", directory / "server.log"):
            cloud = Instance.start(directory, PORT, detached=True)
    point_at(cloud, os.environ)
    with narrator.step("Create the tables Reviews and Events", directory / "server.log"):
        reviews.create(boto3.client("dynamodb"))
        events.create(events.client(), EVENTS)
    cdk = Cdk(directory=directory, environment=cloud.environment())
    with narrator.step(f"Deploy {file} (cdk synth, bootstrap, deploy)", cdk.log):
        cdk.synth(file)
        cdk.bootstrap()
        cdk.deploy()
    print(_how_to_use(cloud, config))


def stop(directory: Path = DIRECTORY) -> int:
    """End the cloud and everything it started."""
    cloud = Instance.find(directory)
    if cloud is None:
        print("No embedded cloud is running here.", file=sys.stderr)
        return 1
    cloud.stop()
    print(f"Stopped the embedded cloud at {cloud.settings.endpoint_url}. Its files are in {directory}.")
    return 0


def _how_to_use(cloud: Instance, config: Config) -> str:
    export = next(iter(config.exports))
    view = ExportNames(stage=config.stage, export=export).view
    workgroup = StageNames(stage=config.stage).workgroup
    variables = [f"  export {name}={shlex.quote(value)}" for name, value in cloud.environment().items()]
    return "\n".join(
        [
            "",
            f"The embedded cloud runs at {cloud.settings.endpoint_url} until: make stop",
            f"Run an export:        make run EXPORT={export}",
            "For the AWS CLI, boto3, awswrangler and the CDK, in your shell:",
            *variables,
            "Then, for example:    aws stepfunctions list-state-machines",
            f"or in Python:         awswrangler.athena.read_sql_table({view!r}, {config.database!r},",
            f"                          workgroup={workgroup!r}, ctas_approach=False)",
        ]
    )


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
