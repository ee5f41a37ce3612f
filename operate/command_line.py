"""``python -m operate <command>``: arguments in, exit code out.

0: done. 1: it could not be done, or the run failed. 2: what was given cannot be used.
"""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from botocore.exceptions import BotoCoreError, ClientError
from pydantic import ValidationError

from lakeshot.errors import ConfigError, LakeshotError
from operate import doctor, payloads, resolved, rollback, runs, schema, status
from operate.context import DEFAULT_FILE, Context, Output
from operate.errors import UsageError, told

FAILED, UNUSABLE = 1, 2
_OVERRIDES = (
    "read_percentage",
    "max_read_units",
    "max_mb_per_second",
    "workers",
    "timeout_minutes",
    "reuse_export",
    "moment",
    "full",
    "mode",
    "allow_older",
)

_WHICH_CLOUD = (
    "Which cloud: with AWS_PROFILE set, that AWS account; likewise what AWS_ACCESS_KEY_ID or "
    "AWS_ENDPOINT_URL choose. Otherwise the embedded cloud of `make local` while it runs, whatever default "
    "profile ~/.aws has, and one line says so. Otherwise the default profile."
)


def main(argv: Sequence[str]) -> int:
    """Carry out one command and return its exit code; every error is told on standard error."""
    given = _parser().parse_args(argv)
    messages = sys.stderr if getattr(given, "json", False) else sys.stdout
    context = Context(output=Output(sys.stdout, messages), file=given.config, stage=given.stage)
    try:
        return _carry_out(given, context)
    except (ConfigError, UsageError) as error:
        print(error, file=sys.stderr)
        return UNUSABLE
    except LakeshotError as error:
        print(error, file=sys.stderr)
    except (ClientError, BotoCoreError) as error:
        print(told(error), file=sys.stderr)
    except ValidationError as error:
        print(
            f"this stage holds a {error.title} that another version of Lakeshot wrote; use that version, or "
            "deploy this one with: make deploy",
            file=sys.stderr,
        )
    except KeyboardInterrupt:
        print("Interrupted.", file=sys.stderr)
    return FAILED


def _carry_out(given: argparse.Namespace, context: Context) -> int:  # noqa: PLR0911 - one line per command
    match given.command:
        case "run":
            overrides = {name: value for name in _OVERRIDES if (value := getattr(given, name)) is not None}
            return runs.run(context, given.name, overrides, as_json=given.json)
        case "watch":
            return runs.watch(context, given.run, as_json=given.json)
        case "stop-run":
            return runs.stop_run(context, given.run)
        case "redrive":
            return runs.redrive(context, given.run, as_json=given.json)
        case "doctor":
            return doctor.doctor(context, given.name, as_json=given.json)
        case "rollback":
            return rollback.rollback(context, given.name, given.snapshot, as_json=given.json)
        case "status":
            return status.status(context)
        case "payload":
            return payloads.payload(context, given.name)
        case "show":
            return resolved.show(context, given.name)
        case _:
            return schema.schema(context)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m operate", description="Run and look after exports.", epilog=_WHICH_CLOUD
    )
    parser.add_argument("-c", "--config", type=Path, default=DEFAULT_FILE, help="default: %(default)s")
    parser.add_argument("--stage", help="default: the config's own")
    commands = parser.add_subparsers(dest="command", required=True, metavar="command")

    run = commands.add_parser("run", help="start an export or a group and watch it")
    _add_name(run)
    run.add_argument("--read-percentage", type=_number, help="share of the table's read units, 0.1 to 1.0")
    run.add_argument("--max-read-units", type=_number, help="read units per second at most")
    run.add_argument("--max-mb-per-second", type=_number, help="MB of rows that a database sends, at most")
    run.add_argument("--workers", type=_number, help="workers of the Glue job")
    run.add_argument("--timeout-minutes", type=_number, help="time limit of the Glue job")
    run.add_argument(
        "--reuse-export", metavar="RUN", help="convert the native export of this earlier run once more"
    )
    run.add_argument(
        "--moment", metavar="20261121T120000Z", help="export the table as it was then, by DynamoDB itself"
    )
    run.add_argument(
        "--full", action="store_true", default=None, help="kind changes: export the whole table once more"
    )
    run.add_argument(
        "--check",
        dest="mode",
        action="store_const",
        const="check",
        help="kind changes: export the whole table and hold it against what the view shows",
    )
    run.add_argument(
        "--allow-older", action="store_true", default=None, help="publish even where a newer moment is shown"
    )
    _add_json(run)

    watch = commands.add_parser("watch", help="watch a run that was started before")
    watch.add_argument("run")
    _add_json(watch)

    stop = commands.add_parser("stop-run", help="stop a run and wait until it is closed")
    stop.add_argument("run")

    redrive = commands.add_parser(
        "redrive",
        help="go on with a run that was stopped, if what it needs is there",
    )
    redrive.add_argument("run")
    _add_json(redrive)

    back = commands.add_parser("rollback", help="show an earlier snapshot again, or list those there are")
    _add_name(back)
    back.add_argument("--snapshot", help="which one, such as 20261121T120000Z; without it, they are listed")
    _add_json(back)

    examine = commands.add_parser(
        "doctor", help="try out what an export needs of its database and of AWS, from where its job runs"
    )
    examine.add_argument("name", help="an export that reads a database")
    _add_json(examine)

    commands.add_parser("status", help="how every export and every group stands")
    payload = commands.add_parser("payload", help="the JSON that starts a run, to paste into the console")
    _add_name(payload)
    show = commands.add_parser("show", help="settings with their defaults, and the names that follow")
    show.add_argument("name", nargs="?", help="an export or a group; without it, everything")
    commands.add_parser("schema", help="the JSON Schema of exports.yaml")
    return parser


def _add_name(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("name", help="an export or a group")


def _add_json(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--json", action="store_true", help="end with one JSON object on standard output")


def _number(text: str) -> int | float | str:
    """A number if it is one; anything else is left to the payload's own checks, which say what is allowed."""
    for kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            continue
    return text
