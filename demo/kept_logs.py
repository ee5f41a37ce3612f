"""Logs that would end with the embedded cloud, kept as files."""

from pathlib import Path

import boto3


def keep_logs(directory: Path) -> Path:
    """Write what jobs, functions and workflow logged below ``directory``, one file per log group."""
    logs = boto3.client("logs")
    directory.mkdir(parents=True, exist_ok=True)
    for page in logs.get_paginator("describe_log_groups").paginate():
        for group in page["logGroups"]:
            name = group["logGroupName"]
            events = logs.filter_log_events(logGroupName=name)["events"]
            lines = "".join(f"{event.get('message', '').rstrip()}\n" for event in events)
            (directory / f"{name.strip('/').replace('/', '.')}.log").write_text(lines, encoding="utf-8")
    return directory
