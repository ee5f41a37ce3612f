"""The only package that touches ministack's internals.

Stand-ins register functions here and otherwise speak to the embedded cloud as any AWS client would. Every
hook has one contract test in ``tests/unit/local/hooks``, which fails when a ministack upgrade moves
what the hook holds on to.

A stand-in is a package ``local.<name>`` with ``install() -> None``, which registers its functions here; the
server calls it once before it serves. In the server's process ``AWS_ENDPOINT_URL`` and ``AWS_CA_BUNDLE`` are
set, so ``Credentials.session(region)`` gives boto3 clients that come back in as an ordinary caller, with IAM
enforced; use them from threads only, never on the event loop.
"""

from local.hooks.athena import AthenaQuery, replace_athena_executor
from local.hooks.glue import Crawl, job_definition, keep_job_fields, replace_crawler
from local.hooks.identity import (
    AccessDeniedError,
    Credentials,
    authorize,
    caller_credentials,
    role_credentials,
)
from local.hooks.operations import (
    Call,
    JsonObject,
    ServiceError,
    ServiceHandler,
    replace_operation,
    wrap_service,
)
from local.hooks.states import Task, TaskFailedError, register_integration
from local.hooks.wanted import check_wanted, is_wanted

__all__ = [
    "AccessDeniedError",
    "AthenaQuery",
    "Call",
    "Crawl",
    "Credentials",
    "JsonObject",
    "ServiceError",
    "ServiceHandler",
    "Task",
    "TaskFailedError",
    "authorize",
    "caller_credentials",
    "check_wanted",
    "is_wanted",
    "job_definition",
    "keep_job_fields",
    "register_integration",
    "replace_athena_executor",
    "replace_crawler",
    "replace_operation",
    "role_credentials",
    "wrap_service",
]
