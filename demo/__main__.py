"""``python -m demo``: the whole of Lakeshot on an embedded cloud, in a few minutes and without a prompt."""

import argparse
import contextlib
import os
import shutil
import signal
import sys
import tempfile
from pathlib import Path
from types import FrameType

from demo import articles
from demo.cdk import Cdk
from demo.narrator import Narrator, StepFailedError
from demo.story import CONFIG, MINUTE_SECONDS, DemoResult, Story
from local.instance import Instance
from local.postgres.server import PostgresServer
from operate.context import Context, Output
from operate.embedded_cloud import point_at

FAILED, INTERRUPTED = 1, 130
WHAT_NEXT = """
What to look at next
  make local                 the same cloud, kept running, for the AWS CLI and awswrangler
  make run EXPORT=reviews    start an export and watch it
  exports.yaml               the exports you deploy; make show prints every default
  docs/architecture.md       how a run takes its way, in one picture
"""


def main() -> int:
    """Tell the story and return the exit code; whatever happens, the cloud is stopped."""
    parser = argparse.ArgumentParser(prog="python -m demo", description="Lakeshot on an embedded cloud")
    parser.add_argument("--json", action="store_true", help="end with one JSON object on standard output")
    parser.add_argument("--keep", action="store_true", help="keep the files of the cloud and all logs")
    parser.add_argument(
        "--items", type=int, default=50_000, help="size of the larger DynamoDB table (default: %(default)s)"
    )
    given = parser.parse_args()
    output = Output(results=sys.stdout, messages=sys.stderr if given.json else sys.stdout)
    directory = Path(tempfile.mkdtemp(prefix="lakeshot-demo-"))
    signal.signal(signal.SIGTERM, _end)
    try:
        result = demonstrate(directory, given.items, output)
    except StepFailedError as error:
        print(f"{error}\nEverything it wrote is kept in {directory}", file=sys.stderr)
        return FAILED
    except KeyboardInterrupt:
        print("\nInterrupted; the embedded cloud is stopped.", file=sys.stderr)
        shutil.rmtree(directory, ignore_errors=True)
        return INTERRUPTED
    output.tell(WHAT_NEXT)
    if given.keep:
        output.tell(f"The files of the demo are kept in {directory}")
    else:
        shutil.rmtree(directory, ignore_errors=True)
    if given.json:
        output.result(result.model_dump_json())
    return 0


def demonstrate(directory: Path, items: int, output: Output) -> DemoResult:
    """Start a cloud in ``directory``, tell the story on it, and stop it. Raises StepFailedError."""
    narrator = Narrator(output.messages)
    server_log = directory / "cloud" / "server.log"
    with narrator.step("Start the embedded cloud, with IAM and TLS on", server_log):
        cloud = Instance.start(directory / "cloud", dynamodb_minute_seconds=MINUTE_SECONDS)
    with cloud, contextlib.ExitStack() as servers:
        point_at(cloud, os.environ)
        postgres_log = directory / "postgres" / "postgres.log"
        with narrator.step("Start a PostgreSQL server", postgres_log):
            postgres = servers.enter_context(PostgresServer.start(directory / "postgres"))
        story = Story(
            directory=directory,
            narrator=narrator,
            context=Context(output=output, file=articles.reachable(CONFIG, postgres, directory)),
            cdk=Cdk(directory=directory, environment=cloud.environment()),
            server_log=server_log,
            postgres=postgres,
        )
        story.deploy()
        result = story.tell(items)
    output.tell(
        f"\nDone in {result.seconds:.0f} s: {result.snapshots_rows} rows in snapshots_reviews, "
        f"{result.view_rows} in the view reviews, {result.large.rows_view:,} in the view events, "
        f"{result.articles.rows_view:,} in the view articles."
    )
    return result


def _end(_number: int, _frame: FrameType | None) -> None:
    """End as after Ctrl-C, so that the cloud is stopped too."""
    raise KeyboardInterrupt


if __name__ == "__main__":
    sys.exit(main())
