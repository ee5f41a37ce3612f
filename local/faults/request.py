"""What a request is, as a fault describes it: operation, who asks, and what about."""

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import parse_qs, urlencode

from local.hooks.identity import caller_credentials

SERVICES = ("athena", "dynamodb", "glue", "lambda", "s3", "sns", "ssm", "states", "sts")
_ABOUT_BYTES = 65_536
_S3_BY_QUERY = {
    ("POST", "uploads"): "CreateMultipartUpload",
    ("PUT", "uploadId"): "UploadPart",
    ("POST", "uploadId"): "CompleteMultipartUpload",
    ("DELETE", "uploadId"): "AbortMultipartUpload",
    ("GET", "uploads"): "ListMultipartUploads",
    ("GET", "list-type"): "ListObjectsV2",
    ("POST", "delete"): "DeleteObjects",
}
_S3_OF_OBJECT = {"GET": "GetObject", "PUT": "PutObject", "HEAD": "HeadObject", "DELETE": "DeleteObject"}


@dataclass(frozen=True)
class Request:
    """One request. ``about`` is its path, query and the beginning of its body, as text."""

    service: str
    operation: str
    role: str
    about: str

    @classmethod
    def of(
        cls,
        service: str,
        *,
        method: str,
        path: str,
        headers: Mapping[str, str],
        body: bytes,
        query: Mapping[str, list[str]],
    ) -> "Request":
        """Read a request as ministack hands it to a service, after it was authorised."""
        asked = f"{path}?{urlencode(query, doseq=True, safe='/:=')}\n"
        return cls(
            service=service,
            operation=headers.get("x-amz-target", "").rpartition(".")[2]
            or _operation(service, method, path, {**_form(body), **query}),
            role=_name(caller_credentials(headers).principal_arn),
            about=asked + body[:_ABOUT_BYTES].decode(errors="replace"),
        )


def _operation(service: str, method: str, path: str, query: Mapping[str, list[str]]) -> str:
    """The operation of a request whose protocol has no header for it."""
    if service == "s3":
        return _s3_operation(method, path, query)
    if service == "lambda":
        return "Invoke" if path.endswith("/invocations") else f"{method} {path}"
    return query.get("Action", [""])[0]


def _s3_operation(method: str, path: str, query: Mapping[str, list[str]]) -> str:
    for (verb, parameter), operation in _S3_BY_QUERY.items():
        if verb == method and parameter in query:
            return operation
    is_object = "/" in path.strip("/")
    return _S3_OF_OBJECT.get(method, method) if is_object else f"{method} bucket"


def _form(body: bytes) -> Mapping[str, list[str]]:
    return parse_qs(body[:_ABOUT_BYTES].decode(errors="replace")) if body.startswith(b"Action=") else {}


def _name(principal_arn: str) -> str:
    """``lakeshot-dev-plan`` of a session of that role; the last part of any other principal."""
    kind, *names = principal_arn.rpartition(":")[2].split("/")
    return names[0] if kind == "assumed-role" else (names or [kind])[-1]
