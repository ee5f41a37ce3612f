"""A stage of its own in the same account, and the story of one run of it."""

from collections.abc import Iterator
from pathlib import Path
from string import Template

import awswrangler as wr
import pytest

from demo.cdk import Cdk
from local.postgres.server import PostgresServer
from tests.cloud.local.account import Account
from tests.cloud.local.vpc import Vpc
from tests.cloud.permissions.query_run import fill_database
from tests.cloud.permissions.situations_of_landing import make_cluster
from tests.cloud.permissions.stage import NAMES, Stage
from tests.cloud.permissions.story import Story


@pytest.fixture(scope="module")
def stage(
    account: Account,
    postgres: PostgresServer,
    tmp_path_factory: pytest.TempPathFactory,
    environment: pytest.MonkeyPatch,
) -> Stage:
    """Everything in exports.yaml, deployed. What ends there is closed by its own Catch only, not twice."""
    for name, value in account.instance.environment().items():
        environment.setenv(name, value)
    environment.setenv("SSL_CERT_FILE", str(account.instance.settings.certificate))
    directory = tmp_path_factory.mktemp("permissions")
    vpc = Vpc.make(account)
    made = {"vpc": vpc.vpc, "subnet": vpc.subnet, "table": vpc.table}
    made |= {"port": str(postgres.port), "authority": str(postgres.ca_certificate)}
    config = directory / "exports.yaml"
    config.write_text(Template(Path(__file__).with_name("exports.yaml").read_text()).substitute(made))
    fill_database(postgres, account)
    make_cluster(account)
    cdk = Cdk(directory, account.instance.environment())
    cdk.synth(config)
    cdk.bootstrap()
    cdk.deploy()
    stage = Stage(account)
    stage.client("events").disable_rule(Name=f"{NAMES.prefix}-close")
    return stage


@pytest.fixture(scope="module")
def story(stage: Stage) -> Story:
    return Story.told(stage)


@pytest.fixture(scope="module")
def environment() -> Iterator[pytest.MonkeyPatch]:
    """What code that runs in this process finds around it."""
    wr.config.athena_query_wait_polling_delay = 0.05
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("lakeshot.steps.stopping._POLL_SECONDS", 0.2)
        patch.setattr("lakeshot.steps.associating_role._POLL_SECONDS", 0.1)
        yield patch
    wr.config.reset("athena_query_wait_polling_delay")
