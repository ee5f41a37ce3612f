"""Faults in a running cloud: what is held waits, everybody else is served, and SDKs see real errors."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from botocore.exceptions import ClientError

from local.faults import Fault, Faults, Refusal
from tests.cloud.local.account import BUCKET, Account

pytestmark = pytest.mark.cloud


def test_one_request_is_held_while_others_are_served(account: Account) -> None:
    """Then it is lost after the cloud acted on it, with an error that the SDK knows."""
    s3, faults = account.client("s3"), Faults(account.instance.settings.directory / "tmp")
    held = Fault(service="s3", operation="PutObject", role="root", about="/held", acted=True)
    with faults.planted(held) as planted, ThreadPoolExecutor() as pool:
        put = pool.submit(s3.put_object, Bucket=BUCKET, Key="held", Body=b"1")
        hit = planted.hit(seconds=10)
        account.put("free", b"2")
        assert s3.get_object(Bucket=BUCKET, Key="held")["Body"].read() == b"1"
        assert not put.done()
        hit.fail(Refusal(code="AccessDenied", status=403))
        with pytest.raises(ClientError, match=r"\(AccessDenied\).*injected by a test"):
            put.result(timeout=10)
    assert hit.request.role == "root"


def test_an_sdk_understands_the_errors_of_other_protocols(account: Account) -> None:
    """JSON and Query; S3's XML is above."""
    faults = Faults(account.instance.settings.directory / "tmp")
    refusal = Refusal(code="InvalidParameter")
    faults.plant(Fault(service="glue", operation="GetTable", about="refused", refusal=refusal))
    faults.plant(Fault(service="sns", operation="Publish", about="refused", refusal=refusal))
    with pytest.raises(ClientError, match=r"\(InvalidParameter\).*injected by a test"):
        account.client("glue").get_table(DatabaseName="refused", Name="t")
    with pytest.raises(ClientError, match=r"\(InvalidParameter\).*injected by a test"):
        account.client("sns").publish(TopicArn="arn:aws:sns:us-east-1:000000000000:refused", Message="m")
    faults.remove_all()
