"""The server's process: ``python -m local.server`` in the environment that Settings made for it."""

import asyncio
import importlib
import os
import resource
import signal
import sys
import threading
from pathlib import Path

from hypercorn.asyncio import serve
from hypercorn.config import Config
from ministack import app
from ministack.core.tls import resolve_tls_material

from local.hooks.events import enforce_target_permissions
from local.hooks.executions import follow_execution_rules
from local.hooks.glue import keep_job_fields
from local.hooks.permissions import check_glue_resources, name_resources_in_denials
from local.hooks.states import enforce_state_machine_roles

STAND_INS = ("local.glue", "local.states", "local.athena", "local.crawler", "local.dynamodb")
SCHEDULE_TICK_SECONDS = 1.0


def install() -> None:
    """Give ministack AWS's rules, then the stand-ins for what it lacks."""
    name_resources_in_denials()
    check_glue_resources()
    keep_job_fields()
    enforce_state_machine_roles()
    follow_execution_rules()
    enforce_target_permissions(SCHEDULE_TICK_SECONDS)
    for name in STAND_INS:
        try:
            importlib.import_module(name).install()
        except Exception as e:
            print("TEMP: stand-in missing", name, e, flush=True)


async def run(port: int) -> None:
    """Serve until SIGTERM or SIGINT, or until the starter's end of standard input closes."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    config = Config()
    config.bind = [f"127.0.0.1:{port}"]
    config.keep_alive_timeout = 75
    config.graceful_timeout = 0.5
    config.certfile, config.keyfile = resolve_tls_material()
    await serve(app.app, config, shutdown_trigger=stop.wait)


def end_with_starter() -> None:
    """End this process and all it started once standard input, a pipe to whoever started it, is closed."""

    def watch() -> None:
        sys.stdin.buffer.read()
        os.kill(os.getpid(), signal.SIGTERM)

    threading.Thread(target=watch, daemon=True).start()


def main() -> None:
    """Run the server in the foreground."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, hard), hard))
    Path(os.environ["TMPDIR"]).mkdir(parents=True, exist_ok=True)
    if not sys.stdin.isatty() and os.fstat(0).st_mode & 0o010000:
        end_with_starter()
    install()
    try:
        asyncio.run(run(int(os.environ["GATEWAY_PORT"])))
    finally:
        importlib.import_module("local.glue").stop_all()
        if os.getpgrp() == os.getpid():
            signal.signal(signal.SIGTERM, signal.SIG_IGN)
            os.killpg(os.getpid(), signal.SIGTERM)


if __name__ == "__main__":
    main()
