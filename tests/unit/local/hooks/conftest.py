"""Every test of a hook starts from an untouched, empty ministack."""

from collections.abc import Iterator

import pytest
from ministack import app
from ministack.core import iam_actions, iam_evaluator
from ministack.services import (
    athena,
    dynamodb,
    eventbridge,
    glue,
    iam,
    lambda_svc,
    rds,
    s3,
    scheduler,
    stepfunctions,
)
from ministack.services.cloudformation import provisioners

PATCHED = {
    app: ["call_service_handler_sync"],
    athena: ["_parse_ddl", "_execute_query"],
    dynamodb: ["_execute_transaction", "_remove_item", "_set_item"],
    eventbridge: ["_dispatch_to_lambda", "_invoke_target", "_put_events"],
    glue: [
        "_batch_create_partition",
        "_batch_update_partition",
        "_create_crawler",
        "_create_job",
        "_create_partition",
        "_get_partitions",
        "_update_crawler",
        "_update_job",
        "_update_table",
    ],
    iam: [
        "_create_policy",
        "_create_policy_version",
        "_create_role",
        "_put_role_policy",
        "_update_assume_role_policy",
    ],
    iam_actions: ["access_denied_response", "dynamodb_resource_arns", "extract_resource_arn"],
    iam_evaluator: ["_resolve_condition_key", "enforce"],
    lambda_svc: ["_execute_function_warm", "_route_async_failure"],
    rds: ["_cluster_xml", "_instance_xml"],
    s3: ["_create_multipart_upload", "_complete_multipart_upload", "_composite_checksum"],
    scheduler: ["_SCHEDULE_TICK_INTERVAL"],
    stepfunctions: [
        "_run_execution",
        "_invoke_resource",
        "_invoke_resource_with_timeout",
        "_call_lambda",
        "_start_execution",
        "_fail_execution",
        "_execute_task",
        "_execute_map",
        "_execute_parallel",
        "_execute_pass",
        "_add_event",
        "_describe_execution",
        "_error_matches",
        "_eval_intrinsic_arg",
        "_resolve_params_obj",
        "_run_map_items",
        "_run_parallel_branches",
        "_run_sub_machine",
        "_scaled_sleep",
    ],
}


@pytest.fixture(autouse=True)
def fresh_ministack(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Undo every hook, and empty the services, after each test."""
    for module, names in PATCHED.items():
        for name in names:
            monkeypatch.setattr(module, name, getattr(module, name))
    for registry in (
        app.SERVICE_HANDLERS,
        iam._IAM_HANDLERS,
        provisioners._GLUE_JOB_DEFAULTS,
        provisioners._RESOURCE_HANDLERS["AWS::DynamoDB::GlobalTable"],
        provisioners._RESOURCE_HANDLERS["AWS::DynamoDB::Table"],
        provisioners._RESOURCE_HANDLERS["AWS::IAM::ManagedPolicy"],
        provisioners._RESOURCE_HANDLERS["AWS::IAM::Role"],
        stepfunctions._SERVICE_DISPATCH,
    ):
        for key, value in registry.items():
            monkeypatch.setitem(registry, key, value)
    yield
    app._reset_all_state()
