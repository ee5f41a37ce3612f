"""Where one embedded cloud lives, and the environments of its server and its clients."""

import os
from pathlib import Path

from pydantic import BaseModel, ConfigDict

ACCOUNT = "000000000000"
REPOSITORY = Path(__file__).resolve().parents[1]


class Settings(BaseModel):
    """Everything that tells one instance from another; several run side by side.

    ``wait_scale`` shortens Step Functions' waits and retry delays (0.1: ten times as fast);
    ``glue_minute_seconds`` is how long a minute of a Glue job's timeout lasts, ``dynamodb_minute_seconds``
    one of an export's duration and of an incremental export's window; ``glue_packages`` holds
    ``requirements/glue-5.1.txt``, installed, and ``spark_archive`` what ``local.spark_archive`` made.
    """

    model_config = ConfigDict(frozen=True)

    directory: Path
    port: int
    region: str = "us-east-1"
    wait_scale: float = 0.1
    glue_minute_seconds: float = 60
    dynamodb_minute_seconds: float = 60
    spark_archive: Path = REPOSITORY / "build" / "spark-archive"
    glue_packages: Path = REPOSITORY / "build" / "glue-5.1"

    @property
    def endpoint_url(self) -> str:
        """An address rather than a name, which makes every SDK use path-style bucket addresses."""
        return f"https://127.0.0.1:{self.port}"

    @property
    def log_file(self) -> Path:
        """What the server says; what jobs and Lambdas say is in its CloudWatch Logs."""
        return self.directory / "server.log"

    @property
    def certificate(self) -> Path:
        """The server's own self-signed certificate; ministack writes it."""
        return self.directory / "tmp" / "ministack-tls" / "server.crt"

    def prepare(self) -> None:
        """Make the directories the server expects."""
        for part in ("tmp", "s3", "state"):
            (self.directory / part).mkdir(parents=True, exist_ok=True)

    def client_environment(self) -> dict[str, str]:
        """Variables that point an AWS client at this cloud, as its root user."""
        certificate = str(self.certificate)
        return {
            "AWS_ENDPOINT_URL": self.endpoint_url,
            "AWS_CA_BUNDLE": certificate,
            "NODE_EXTRA_CA_CERTS": certificate,
            "AWS_ACCESS_KEY_ID": "test",
            "AWS_SECRET_ACCESS_KEY": "test",
            "AWS_REGION": self.region,
            "AWS_DEFAULT_REGION": self.region,
            "AWS_EC2_METADATA_DISABLED": "true",
        }

    def server_environment(self) -> dict[str, str]:
        """Build the server's whole environment; nothing of the host's ``AWS_*`` settings reaches it."""
        inherited = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
        return (
            inherited
            | self.client_environment()
            | {
                # Lambdas answer custom resources with urllib or requests.
                "SSL_CERT_FILE": str(self.certificate),
                "REQUESTS_CA_BUNDLE": str(self.certificate),
                "GATEWAY_PORT": str(self.port),
                "BIND_HOST": "127.0.0.1",
                "AUTH": "true",
                "USE_SSL": "1",
                "TMPDIR": str(self.directory / "tmp"),
                "S3_DATA_DIR": str(self.directory / "s3"),
                "STATE_DIR": str(self.directory / "state"),
                "IOT_MTLS_ENABLED": "0",
                "SFTP_ENABLED": "0",
                "SFN_WAIT_SCALE": str(self.wait_scale),
                "MINISTACK_ACCOUNT_ID": ACCOUNT,
                "MINISTACK_REGION": self.region,
                "LAKESHOT_GLUE_MINUTE_SECONDS": str(self.glue_minute_seconds),
                "LAKESHOT_DYNAMODB_MINUTE_SECONDS": str(self.dynamodb_minute_seconds),
                "LAKESHOT_SPARK_ARCHIVE": str(self.spark_archive),
                "LAKESHOT_GLUE_PACKAGES": str(self.glue_packages),
            }
        )
