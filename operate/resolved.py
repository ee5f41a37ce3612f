"""The command show: every setting with its defaults filled in, and every name that follows from it."""

from collections.abc import Mapping

import yaml

from lakeshot.config.endpoint_prices import monthly_price
from lakeshot.config.export import Export
from lakeshot.config.exports import Config
from lakeshot.names import ConnectionNames, ExportNames, GroupNames, StageNames
from operate.context import Context
from operate.errors import UsageError

_ACCOUNT, _REGION = "<account>", "<region>"


def show(context: Context, name: str | None) -> int:
    """Print the resolved config as YAML: all of it, or the part of one export or group. Needs no account."""
    config = context.config()
    if name is None:
        document = resolved(config)
    elif name in config.exports:
        document = {name: _export(config, name)}
    elif name in config.groups:
        document = {name: _group(config, name)}
    else:
        raise UsageError(
            f"there is no export or group {name!r} in {context.file}; its exports are: "
            f"{', '.join(config.exports)}; its groups: {', '.join(config.groups) or 'none'}"
        )
    context.output.result(yaml.safe_dump(document, sort_keys=False, allow_unicode=True, width=110).rstrip())
    return 0


def resolved(config: Config) -> dict[str, object]:
    """The whole config with defaults and names."""
    names = StageNames(stage=config.stage)
    return {
        **config.model_dump(mode="json", exclude={"connections", "exports", "groups"}),
        "resources": {
            "stack": names.common_stack,
            "bucket": names.bucket(_ACCOUNT, config.region or _REGION),
            "state_machine": names.state_machine,
            "run_table": names.run_table,
            "topic": names.topic,
            "workgroup": names.workgroup,
        },
        "connections": {name: _connection(config, name) for name in config.connections},
        "exports": {name: _export(config, name) for name in config.exports},
        "groups": {name: _group(config, name) for name in config.groups},
    }


def _export(config: Config, name: str) -> Mapping[str, object]:
    export, names = config.exports[name], ExportNames(stage=config.stage, export=name)
    region = export.region or config.region or _REGION
    bucket = StageNames(stage=config.stage).bucket(_ACCOUNT, region)
    is_readable = export.format.is_readable
    return {
        **export.model_dump(mode="json"),
        "compression": export.effective_compression.value,
        "catalog": export.effective_catalog,
        "full_every_days": export.effective_full_every_days,
        "region": region,
        "rate": rate_in_words(export),
        "resources": {
            "stack": names.resource,
            "job": names.resource,
            "job_role": names.job_role,
            "crawler": names.resource if export.effective_catalog == "crawler" else None,
            "schedule": names.resource if export.schedule is not None else None,
            "parameter": StageNames(stage=config.stage).parameter(name),
            "table": f"{config.database}.{names.table}" if is_readable else None,
            "changes_table": f"{config.database}.{names.changes_table}" if export.kind == "changes" else None,
            "view": f"{config.database}.{names.view}" if is_readable else None,
            "destination": f"s3://{bucket}/{names.data_prefix}",
        },
    }


def _connection(config: Config, name: str) -> Mapping[str, object]:
    connection, names = config.connections[name], ConnectionNames(stage=config.stage, connection=name)
    network = connection.network
    lands = connection.role_holder is not None and any(
        config.landing_by(name, region) for region in config.regions()
    )
    return {
        **connection.model_dump(mode="json"),
        "resources": {
            "stack": names.resource if network is not None or lands else None,
            "landing_role": names.landing_role if lands else None,
            "glue_connections": [names.glue_connection(subnet.id) for subnet in network.subnets]
            if network is not None
            else [],
        },
        "endpoints_price": monthly_price(network) if network is not None else None,
    }


def _group(config: Config, name: str) -> Mapping[str, object]:
    group, names = config.groups[name], GroupNames(stage=config.stage, group=name)
    return {
        **group.model_dump(mode="json"),
        "region": config.region_of(name) or _REGION,
        "resources": {
            "stack": names.resource,
            "schedule": names.resource if group.schedule is not None else None,
            "parameter": StageNames(stage=config.stage).group_parameter(name),
            "view": f"{config.database}.{names.view}",
        },
    }


def rate_in_words(export: Export) -> str:
    """How the read rate of a run is settled, as far as it is known before the table is looked at."""
    source = export.effective_source
    if source.type == "postgres":
        if source.max_mb_per_second is None:
            return "not bounded, beyond the number of readers; give max_mb_per_second to bound it"
        return f"{source.max_mb_per_second:,g} MB/s of rows, over all readers"
    if source.route == "native":
        return "none: DynamoDB exports the table itself, which takes no read units"
    share = f"{source.read_percentage:.0%}"
    doubled = "; consistent reads take twice the units" if source.consistent_read else ""
    if source.max_read_units is not None:
        return (
            f"{share} of the table's provisioned read units, at most {source.max_read_units}/s; "
            f"on-demand: {source.max_read_units}/s{doubled}"
        )
    return (
        f"{share} of the table's provisioned read units; on-demand: of the table's own maximum, its warm "
        f"throughput, or 12,000 units/s, whichever is known first{doubled}"
    )
