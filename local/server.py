"""The server's process: ``python -m local.server`` in the environment that Settings made for it."""

import asyncio
import logging
import os
import resource
import signal
import stat
import threading

from hypercorn.asyncio import serve
from hypercorn.config import Config
from ministack import app
from ministack.core.tls import resolve_tls_material

from local import athena, crawler, dynamodb, faults, glue, states
from local.hooks.database_roles import supply_database_roles
from local.hooks.events import enforce_target_permissions, invoke_functions_of_rules_again
from local.hooks.executions import follow_execution_rules
from local.hooks.functions import name_function_errors, send_failures_as_the_function
from local.hooks.glue import keep_job_fields
from local.hooks.networks import supply_security_group_rules
from local.hooks.partitions import follow_partition_rules, supply_partition_operations
from local.hooks.permissions import (
    check_export_resources,
    check_glue_resources,
    know_sessions_by_their_role,
    name_resources_in_denials,
)
from local.hooks.quotas import limit_policy_sizes
from local.hooks.s3 import keep_whole_object_checksums
from local.hooks.states import enforce_state_machine_roles
from local.hooks.tables import replace_whole_tables

STAND_INS = (glue, states, athena, crawler, dynamodb, faults)
SCHEDULE_TICK_SECONDS = 1.0


def install() -> None:
    """Give ministack AWS's rules, then the stand-ins for what it lacks."""
    name_resources_in_denials()
    know_sessions_by_their_role()
    check_glue_resources()
    check_export_resources()
    limit_policy_sizes()
    keep_job_fields()
    supply_security_group_rules()
    supply_database_roles()
    supply_partition_operations()
    follow_partition_rules()
    replace_whole_tables()
    name_function_errors()
    send_failures_as_the_function()
    follow_execution_rules()
    enforce_state_machine_roles()
    keep_whole_object_checksums()
    enforce_target_permissions(SCHEDULE_TICK_SECONDS)
    invoke_functions_of_rules_again()
    for stand_in in STAND_INS:
        stand_in.install()


async def run(port: int) -> None:
    """Serve until SIGTERM or SIGINT, or until the starter's end of standard input closes."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    config = Config()
    config.bind = [f"127.0.0.1:{port}"]
    config.keep_alive_timeout = 75
    config.certfile, config.keyfile = resolve_tls_material()
    # Hypercorn's own shutdown waits for clients to close the connections they keep alive: never trigger it.
    serving = asyncio.create_task(serve(app.app, config, shutdown_trigger=asyncio.Event().wait))
    stopping = asyncio.create_task(stop.wait())
    await asyncio.wait([serving, stopping], return_when=asyncio.FIRST_COMPLETED)
    if serving.done():
        serving.result()
    end()


def end() -> None:
    """End every process this one started, and then this one without waiting for its threads."""
    glue.stop_all()
    if os.getpgrp() == os.getpid():
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        os.killpg(os.getpid(), signal.SIGTERM)
    os._exit(0)


def end_with_starter() -> None:
    """End this process and all it started once standard input, a pipe to whoever started it, is closed."""

    def watch() -> None:
        os.read(0, 1)
        os.kill(os.getpid(), signal.SIGTERM)

    threading.Thread(target=watch, daemon=True).start()


def main() -> None:
    """Run the server in the foreground."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, hard), hard))
    if stat.S_ISFIFO(os.fstat(0).st_mode):
        end_with_starter()
    logging.getLogger("botocore").setLevel(logging.WARNING)
    install()
    asyncio.run(run(int(os.environ["GATEWAY_PORT"])))


if __name__ == "__main__":
    main()
