"""Why there is no connection to a server, and what to do. No message holds a secret."""

import socket
import ssl

import asyncpg

from lakeshot.errors import LakeshotError, PermissionDeniedError, SourceError
from lakeshot.postgres.told import ConnectionLostError, told


def refused(error: Exception, doing: str, timeout_seconds: float) -> LakeshotError:
    """The error as one of ours, to raise ``from`` it; ConnectionLostError where trying again may help."""
    if isinstance(error, asyncpg.PostgresError):
        return _by_server(error, doing)
    if isinstance(error, ssl.SSLError):
        return SourceError(f"{doing}: {_tls(error)}")
    if isinstance(error, (asyncpg.InternalClientError, asyncpg.InterfaceError)):
        return SourceError(
            f"{doing}: the server asks for a way to log in that is not supported; allowed are passwords by "
            "SCRAM or MD5"
        )
    return _by_network(error, doing, timeout_seconds)


def _by_server(error: asyncpg.PostgresError, doing: str) -> LakeshotError:
    if isinstance(error, asyncpg.InvalidCatalogNameError):
        return SourceError(f"{doing}: there is no such database; correct its name in exports.yaml")
    if isinstance(error, asyncpg.InvalidAuthorizationSpecificationError) and error.sqlstate == "28000":
        return PermissionDeniedError(
            f"{doing}: {error.message}; let this user log in, and over TLS from here (pg_hba.conf)"
        )
    return told(error, doing)


def _tls(error: ssl.SSLError) -> str:
    if not isinstance(error, ssl.SSLCertVerificationError):
        return f"TLS could not be agreed on ({error.reason}); the server needs TLS 1.2 or later"
    if "mismatch" in error.verify_message:
        return "its certificate is for another name; give the host by the name that the certificate has"
    return (
        f"its certificate is not trusted ({error.verify_message}); give the authority that signed it among "
        "the connection's certificates"
    )


def _by_network(error: Exception, doing: str, timeout_seconds: float) -> LakeshotError:
    if isinstance(error, socket.gaierror):
        return SourceError(
            f"{doing}: the name of the host is not known here; correct it in exports.yaml, or have the DNS "
            "of the subnet's network know it"
        )
    if isinstance(error, TimeoutError):
        return ConnectionLostError(
            f"{doing}: no answer within {timeout_seconds:.0f} seconds; check host, port and routes, and that "
            "the database's security group lets this one in"
        )
    if isinstance(error, ConnectionRefusedError):
        return ConnectionLostError(
            f"{doing}: nothing listens there; check host and port, and that the database runs"
        )
    if isinstance(error, ConnectionError) and "rejected SSL upgrade" in str(error):
        return SourceError(f"{doing}: the server refuses TLS; turn it on there (ssl = on)")
    return ConnectionLostError(
        f"{doing}: {type(error).__name__}; check host and port, and the network between"
    )
