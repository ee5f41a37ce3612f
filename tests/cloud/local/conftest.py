"""The roles and wheels that the stand-ins' own tests share."""

import io
import zipfile

import pytest

from tests.cloud.local.account import BUCKET, REGION, Account

METADATA = b"Metadata-Version: 2.1\nName: only-in-wheel\nVersion: 1.0\n"
WHEEL = b"Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n"


@pytest.fixture(scope="session")
def job_role(account: Account) -> str:
    return account.make_role("job", "glue.amazonaws.com", ("s3:GetObject", f"arn:aws:s3:::{BUCKET}/*"))


@pytest.fixture(scope="session")
def states_role(account: Account) -> str:
    actions = ["glue:StartJobRun", "glue:GetJobRun", "glue:BatchStopJobRun"]
    jobs = f"arn:aws:glue:{REGION}:000000000000:job/*"
    return account.make_role("states", "states.amazonaws.com", (actions, jobs))


@pytest.fixture(scope="session")
def query_role(account: Account) -> str:
    return account.make_role("queries", "states.amazonaws.com", (["athena:*", "glue:Get*", "s3:*"], "*"))


@pytest.fixture(scope="session")
def powerless_role(account: Account) -> str:
    return account.make_role("powerless", "states.amazonaws.com")


@pytest.fixture(scope="session")
def wheels(account: Account) -> str:
    """A ``.gluewheels.zip`` on S3 whose one wheel holds a module that is found nowhere else."""
    information = "only_in_wheel-1.0.dist-info"
    wheel = zipped(
        {
            "only_in_wheel.py": b"ANSWER = 42\n",
            f"{information}/METADATA": METADATA,
            f"{information}/WHEEL": WHEEL,
            f"{information}/RECORD": b"",
        }
    )
    folder = {
        "wheels/only_in_wheel-1.0-py3-none-any.whl": wheel,
        "wheels/requirements.txt": b"only_in_wheel==1.0\n",
    }
    return account.put("modules.gluewheels.zip", zipped(folder))


def zipped(files: dict[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return buffer.getvalue()
