"""TLS to a PostgreSQL server as a run has it, and the server's certificate in words, trusted or not.

A client asks for TLS in clear text first: PostgreSQL, "Message Flow", SSL Session Encryption.
"""

import socket
import ssl
import struct
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

from lakeshot.doctor.checklist import Finding
from lakeshot.doctor.network import REACH_SECONDS
from lakeshot.errors import SourceError
from lakeshot.postgres.refused import refused
from lakeshot.postgres.server import Server

_ASK_FOR_TLS = struct.pack("!ii", 8, 80877103)
_YES = b"S"
ENDS_SOON = timedelta(days=14)
_MOST_NAMES = 3

Certificate = Mapping[str, object]


def encryption(server: Server, now: datetime) -> Finding:
    """Protocol and certificate of a connection that is verified; SourceError, with both, if it isn't."""
    doing = f"TLS with {server}"
    try:
        with _connected(server, ssl.create_default_context(cadata=server.ca_certificates)) as verified:
            protocol, certificate = verified.version(), verified.getpeercert()
    except ssl.SSLCertVerificationError as error:
        shown = _untrusted(server)
        said = f"{refused(error, doing, REACH_SECONDS)}. It shows {described(shown)}" if shown else None
        raise SourceError(said or str(refused(error, doing, REACH_SECONDS))) from error
    except OSError as error:
        raise refused(error, doing, REACH_SECONDS) from error
    if not certificate:
        raise SourceError(f"{doing}: the server shows no certificate; give it one")
    ends = _ends(certificate)
    soon = ends - now < ENDS_SOON
    advice = "; it ends soon: have it renewed" if soon else ""
    return Finding(f"{protocol}, {described(certificate)}{advice}", warns=soon)


def described(certificate: Certificate) -> str:
    """Whom a certificate is for, who signed it, and until when it is valid."""
    names = [value for kind, value in certificate.get("subjectAltName", ()) if kind in ("DNS", "IP Address")]  # type: ignore[attr-defined]
    more = f" and {len(names) - _MOST_NAMES} more" if len(names) > _MOST_NAMES else ""
    bearer = ", ".join(names[:_MOST_NAMES]) + more or _common_name(certificate["subject"])
    return (
        f"a certificate for {bearer}, signed by {_common_name(certificate['issuer'])}, "
        f"valid until {_ends(certificate):%Y-%m-%d}"
    )


@contextmanager
def _connected(server: Server, context: ssl.SSLContext) -> Iterator[ssl.SSLSocket]:
    with socket.create_connection((server.host, server.port), timeout=REACH_SECONDS) as plain:
        plain.sendall(_ASK_FOR_TLS)
        if plain.recv(1) != _YES:
            raise ConnectionError("rejected SSL upgrade")
        with context.wrap_socket(plain, server_hostname=server.host) as wrapped:
            yield wrapped


def _untrusted(server: Server) -> Certificate | None:
    """The certificate all the same, or None: it is trusted as its own authority, because only then told."""
    unverified = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    unverified.check_hostname = False
    unverified.verify_mode = ssl.CERT_NONE
    try:
        with _connected(server, unverified) as shown:
            certificate = shown.getpeercert(binary_form=True) or b""
        itself = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        itself.check_hostname = False
        itself.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
        itself.load_verify_locations(cadata=certificate)
        with _connected(server, itself) as verified:
            return verified.getpeercert() or None
    except (OSError, ValueError):
        return None


def _common_name(name: object) -> str:
    parts = {key: value for part in name for key, value in part}  # type: ignore[attr-defined]
    return str(parts.get("commonName") or parts.get("organizationName") or "nobody")


def _ends(certificate: Certificate) -> datetime:
    return datetime.fromtimestamp(ssl.cert_time_to_seconds(str(certificate["notAfter"])), UTC)
