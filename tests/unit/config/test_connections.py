"""Databases are named once, reached by what is written down, and shared by exports."""

import pytest

from lakeshot.config.connections import DeployedConnection
from lakeshot.config.deployed import Deployed
from lakeshot.config.exports import Config, parse_config
from lakeshot.config.payload import Payload, parse_payload
from lakeshot.errors import ConfigError, PayloadError
from lakeshot.postgres.source import PostgresSource

SUBNET = {"id": "subnet-0a1b2c3d", "zone": "eu-central-1a"}
SUBNETS = [SUBNET]
NETWORK = {"vpc": "vpc-0a1b2c3d", "subnets": SUBNETS}
SHOP = {
    "type": "postgres",
    "host": "shop.cluster-abc.eu-central-1.rds.amazonaws.com",
    "database": "shop",
    "secret": "shop/reader",
    "network": NETWORK,
}
ARTICLES = {"type": "postgres", "connection": "shop", "table": "article"}
ARN_OF = "arn:aws:secretsmanager:eu-central-1:123456789012:secret:"
ARN = f"{ARN_OF}shop/reader-AbCdEf"
RDS_MADE = "rds!cluster-1fcd41b2-194a-4993-930a-423037e3d94a"
"""How RDS calls a secret that it keeps for the master user."""


def document(
    source: dict[str, object] | None = None, connection: dict[str, object] | None = None, **export: object
) -> dict[str, object]:
    return {
        "connections": {"shop": {**SHOP, **(connection or {})}},
        "exports": {"articles": {"source": {**ARTICLES, **(source or {})}, **export}},
    }


def parsed(given: dict[str, object]) -> Config:
    return parse_config(given)


def refused(given: dict[str, object]) -> str:
    with pytest.raises(ConfigError) as caught:
        parse_config(given)
    return str(caught.value)


def deployed() -> Deployed:
    return Deployed.of(
        name="articles",
        export=parsed(document({"schema": "blog"})).exports["articles"],
        stage="dev",
        database="lakeshot",
        bucket="b",
        job_role_arn="arn",
        connection=DeployedConnection(
            name="shop", host="db", port=5432, database="shop", secret="shop/reader", ca="s3://assets/ca.pem"
        ),
    )


def test_a_table_is_read_by_name_and_catalogued_directly() -> None:
    """The shortest source: one snapshot, no bound but the number of readers, no crawler."""
    export = parsed(document()).exports["articles"]
    assert export.source == PostgresSource.model_validate(ARTICLES)
    assert export.source.name == "public.article"
    assert export.effective_catalog == "direct"


@pytest.mark.parametrize("secret", ["shop", "shop/reader", ARN, RDS_MADE, f"{ARN_OF}{RDS_MADE}-AbCdEf"])
def test_a_secret_is_named_or_given_by_its_arn(secret: str) -> None:
    """Never its content: a connection has no field for a password."""
    assert parsed(document(connection={"secret": secret})).connections["shop"].secret == secret
    assert "field 'password': unknown key" in refused(document(connection={"password": "s3cr3t"}))


def test_a_limit_of_cpu_goes_with_an_instance() -> None:
    """Whose figures CloudWatch has; the host of a connection does not tell its name."""
    config = parsed(document({"max_cpu_percent": 60}, {"instance": "shop-instance-1"}))
    assert config.connections["shop"].instance == "shop-instance-1"


@pytest.mark.parametrize(
    ("source", "told"),
    [
        ({"table": None}, "the source has neither 'table' nor 'select'; give one of them"),
        ({"select": "SELECT 1"}, "the source has both 'table' and 'select'; give one of them"),
        (
            {"table": None, "select": "SELECT 1", "where": "true"},
            "'columns' and 'where' go with 'table'; a 'select' says itself what it selects",
        ),
        ({"columns": ["id", "id"]}, "columns names 'id' more than once; name it once"),
        ({"where": "x" * 1_501}, "have 1,501 bytes together; allowed are 1,500: make a view"),
        ({"connection": "shpo"}, "names the connection 'shpo', which is not below 'connections'; did you"),
        ({"readers": 0}, "field 'source.readers': got 0; allowed: 1 or more"),
        ({"tabel": "x"}, "field 'source.tabel': unknown key; did you mean 'table'? allowed: aws_s3, columns"),
        ({"max_mb_per_second": 0}, "field 'source.max_mb_per_second': got 0; allowed: more than 0"),
        ({"max_mb_per_second": "fast"}, "got 'fast'; allowed: a number"),
        ({"split_by": ""}, "field 'source.split_by': got ''; allowed: 1 or more characters"),
        ({"scheme": "x"}, "did you mean 'schema'?"),
        ({"type": "oracle"}, "allowed: a 'type' of 'dynamodb', 'postgres'"),
        ({"max_cpu_percent": 100}, "field 'source.max_cpu_percent': got 100; allowed: 99 or less"),
        (
            {"max_cpu_percent": 60},
            "has 'max_cpu_percent', but its connection 'shop' has no 'instance' whose CPU to look at; give",
        ),
        ({"schema": ""}, "field 'source.schema': got ''; allowed: a name of 1 to 63 characters, as it is in"),
        ({"columns": [""]}, "field 'source.columns.0': got ''; allowed: a name of 1 to 63 characters"),
        ({"columns": "id"}, "field 'source.columns': got 'id'; allowed: a list"),
        ({"table": "x" * 64}, "allowed: a name of 1 to 63 characters, as it is in pg_class"),
        ({"table": "arti\0cle"}, "has a NUL character, which PostgreSQL takes in no text; remove it"),
        ({"where": "title = '\0'"}, "has a NUL character, which PostgreSQL takes in no text; remove it"),
        ({"where": ""}, "field 'source.where': got ''; allowed: 1 or more characters"),
        ({"table": None, "select": ""}, "field 'source.select': got ''; allowed: 1 or more characters"),
        (
            {"connection": "Shop"},
            "field 'source.connection': got 'Shop'; allowed: 1 to 30 lower-case letters",
        ),
        ({"readers": 257}, "field 'source.readers': got 257; allowed: 256 or less"),
        ({"readers": "4"}, "field 'source.readers': got '4'; allowed: a whole number"),
        ({"readers": True}, "field 'source.readers': got True; allowed: a whole number"),
        ({"max_mb_per_second": 100_001}, "got 100001; allowed: 100000.0 or less"),
        ({"max_mb_per_second": float("nan")}, "field 'source.max_mb_per_second': got nan; allowed: "),
        ({"max_mb_per_second": "20"}, "field 'source.max_mb_per_second': got '20'; allowed: a number"),
        ({"max_mb_per_second": True}, "field 'source.max_mb_per_second': got True; allowed: a number"),
        ({"max_snapshot_minutes": 1441}, "field 'source.max_snapshot_minutes': got 1441; allowed: 1440"),
        ({"max_replica_lag_seconds": 0}, "field 'source.max_replica_lag_seconds': got 0; allowed: 1"),
        ({"lock_timeout_seconds": 3601}, "field 'source.lock_timeout_seconds': got 3601; allowed: 3600"),
        ({"read_percentage": 0.5}, "field 'source.read_percentage': unknown key; "),
        ({"consistency": "none"}, "field 'source.consistency': got 'none'; allowed: 'shared' or 'single'"),
    ],
)
def test_a_source_that_cannot_be_read_is_refused(source: dict[str, object], told: str) -> None:
    """Each message says what was given, what is allowed and what to do."""
    given = {name: value for name, value in source.items() if value is not None}
    full = document(given)
    if "table" not in given and "table" in source:
        del full["exports"]["articles"]["source"]["table"]  # type: ignore[index]
    assert told in refused(full)


@pytest.mark.parametrize(
    ("connection", "told"),
    [
        ({"host": "db host"}, "field 'host': got 'db host'; allowed: a host's name, such as"),
        ({"secret": "a secret"}, "allowed: the name or the ARN of a secret in AWS Secrets Manager"),
        (
            {"network": {**NETWORK, "vpc": "my-vpc"}},
            "allowed: the id of a VPC, such as vpc-0a1b2c3d4e5f60718",
        ),
        ({"network": {**NETWORK, "subnets": []}}, "allowed: 1 or more entries"),
        ({"network": {**NETWORK, "endpoints": ["s3"]}}, "there are no route_tables to put it into"),
        (
            {"network": {**NETWORK, "endpoints": ["logs", "logs"]}},
            "endpoints names 'logs' more than once; name it once",
        ),
        (
            {"instance": "arn:aws:rds:eu-central-1:123456789012:db:shop-1"},
            "allowed: the identifier of a DB instance, such as shop-instance-1",
        ),
        (
            {"network": {**NETWORK, "security_groups": ["sg-0a1b2c3d", "sg-0a1b2c3d"]}},
            "security_groups names 'sg-0a1b2c3d' more than once; name it once",
        ),
        (
            {"network": {**NETWORK, "security_groups": [f"sg-0a1b2c{number:02}" for number in range(16)]}},
            "allowed: 15 entries or fewer",
        ),
        (
            {"network": {**NETWORK, "route_tables": ["rtb-0a1b2c3d", "rtb-0a1b2c3d"]}},
            "route_tables names 'rtb-0a1b2c3d' more than once; name it once",
        ),
        ({"host": "db..example.com"}, "field 'host': got 'db..example.com'; allowed: a host's name, such as"),
        ({"host": "reader:s3cr3t@db/shop"}, "allowed: a host's name, such as"),
        ({"host": ".".join(["a" * 60] * 5)}, "allowed: a host's name, such as"),
        ({"port": 0}, "field 'port': got 0; allowed: 1 or more"),
        ({"port": 65_536}, "field 'port': got 65536; allowed: 65535 or less"),
        ({"port": "5432"}, "field 'port': got '5432'; allowed: a whole number"),
        ({"database": ""}, "field 'database': got ''; allowed: a name of 1 to 63 characters, as it is in"),
        ({"database": "sh\0op"}, "allowed: a name of 1 to 63 characters, as it is in pg_database"),
        ({"secret_key": "alias/shop"}, "allowed: the ARN of a KMS key, such as arn:aws:kms:eu-central-1:"),
        ({"network": {"subnets": [SUBNET]}}, "field 'network.vpc': missing; it has to be given"),
        (
            {"network": {**NETWORK, "subnets": [{**SUBNET, "zone": "eu-central-1"}]}},
            "field 'network.subnets.0.zone': got 'eu-central-1'; allowed: an availability zone's name, such",
        ),
        (
            {"network": {**NETWORK, "subnets": [{**SUBNET, "id": "lan"}]}},
            "field 'network.subnets.0.id': got 'lan'; allowed: the id of a subnet, such as subnet-",
        ),
        ({"network": {**NETWORK, "subnets": [SUBNET] * 2}}, "subnets names 'subnet-0a1b2c3d' more"),
        ({"network": {**NETWORK, "subnets": [SUBNET] * 9}}, "allowed: 8 entries or fewer"),
        (
            {"network": {**NETWORK, "security_groups": ["default"]}},
            "field 'network.security_groups.0': got 'default'; allowed: the id of a security group, such as",
        ),
        (
            {"network": {**NETWORK, "route_tables": ["main"]}},
            "field 'network.route_tables.0': got 'main'; allowed: the id of a route table, such as rtb-",
        ),
        (
            {"network": {**NETWORK, "endpoints": ["ec2"]}},
            "field 'network.endpoints.0': got 'ec2'; allowed: 's3', 'dynamodb', 'secretsmanager', 'logs', ",
        ),
        ({"hots": "db"}, "field 'hots': unknown key; did you mean 'host'? allowed: "),
        ({"type": "mysql"}, "field 'type': got 'mysql'; allowed: 'postgres'"),
    ],
)
def test_a_connection_that_leads_nowhere_is_refused(connection: dict[str, object], told: str) -> None:
    """Also without looking anything up, because nothing is looked up when stacks are synthesised."""
    message = refused(document(connection=connection))
    assert told in message
    assert "connection 'shop'" in message
    assert len(message.splitlines()) == 2, "what is wrong is told once"


@pytest.mark.parametrize("field", ["type", "host", "database", "secret"])
def test_what_a_connection_has_to_have(field: str) -> None:
    """All else has a default."""
    given = document()
    del given["connections"]["shop"][field]  # type: ignore[index]
    assert f"connection 'shop', field '{field}': missing; it has to be given" in refused(given)


@pytest.mark.parametrize("name", ["Shop", "my_shop", "shop-", "s" * 31, "1shop", ""])
def test_a_connections_name_is_part_of_others(name: str) -> None:
    """Of a stack, a security group and Glue's connections."""
    given = document()
    given["connections"] |= {name: SHOP}  # type: ignore[operator]
    assert f"got {name!r}; allowed: 1 to 30 lower-case letters and digits, a letter first" in refused(given)


def test_exports_of_one_table_need_names_apart() -> None:
    """Hyphens and underscores are the same in the catalog."""
    given = document()
    given["exports"] = {"shop-articles": {"source": ARTICLES}, "shop_articles": {"source": ARTICLES}}
    assert (
        "export 'shop-articles' and export 'shop_articles' would both be 'shop_articles' in the catalog; "
        "rename one"
    ) in refused(given)


@pytest.mark.parametrize(
    ("connection", "region", "told"),
    [
        ({}, "eu-west-1", "the subnet subnet-0a1b2c3d is in eu-central-1, but export 'articles', which uses"),
        ({"network": None, "secret": ARN}, "eu-west-1", "its 'secret' is in eu-central-1, but export 'arti"),
        (
            {"secret_key": "arn:aws:kms:us-east-1:123456789012:key/1234abcd"},
            None,
            "its 'secret_key' is in us-east-1, but the subnet subnet-0a1b2c3d is in eu-central-1; a job",
        ),
        (
            {
                "network": {
                    **NETWORK,
                    "subnets": [*SUBNETS, {"id": "subnet-0a1b2c3e", "zone": "eu-central-1b"}],
                }
            },
            "eu-central-1",
            None,
        ),
        ({"secret": ARN}, None, None),
    ],
)
def test_a_connection_is_in_the_region_of_its_exports(
    connection: dict[str, object], region: str | None, told: str | None
) -> None:
    """As far as zones and ARNs tell: nothing else of it could be used from there."""
    given = {**document(connection=connection), **({"region": region} if region else {})}
    if told is None:
        assert parsed(given).region == region
    else:
        assert f"connection 'shop': {told}" in refused(given)


def test_an_export_in_a_region_of_its_own_has_a_connection_there() -> None:
    """The region of the file is the others'."""
    given = {**document(region="eu-central-1"), "region": "eu-west-1"}
    assert parsed(given).regions() == {"eu-central-1": ("articles",)}


def test_a_list_is_not_called_too_short_for_an_entry_that_is_wrong() -> None:
    """The entry is named, and nothing else."""
    network = {**NETWORK, "subnets": [{"id": "subnet-0a1b2c3d", "zone": "eu-central-1"}]}
    assert refused(document(connection={"network": network})) == (
        "exports.yaml cannot be used:\n  connection 'shop', field 'network.subnets.0.zone': got "
        "'eu-central-1'; allowed: an availability zone's name, such as eu-central-1a"
    )


def test_a_connection_that_nobody_uses_is_refused() -> None:
    """It would be deployed and paid for, and is most likely a name that was misspelt."""
    given = document()
    given["exports"] = {"reviews": {"source": {"type": "dynamodb", "table": "Reviews"}}}
    assert "connection 'shop' is used by no export; remove it, or name it in the 'source' of one" in refused(
        given
    )


def test_an_export_and_a_connection_cannot_share_a_stack() -> None:
    """Their stacks would have one name."""
    given = document()
    given["exports"] = {"connection-shop": {"source": ARTICLES}}
    assert "connection 'shop' and export 'connection-shop' would both be" in refused(given)


def test_changes_are_only_told_by_dynamodb() -> None:
    """A database that is queried cannot say what was deleted."""
    assert "goes with source type 'dynamodb', not 'postgres'" in refused(document(kind="changes"))


def test_what_is_deployed_survives_as_json() -> None:
    """The stack writes it, every step reads it; the schema goes by its own name."""
    record = deployed()
    read = Deployed.model_validate_json(record.model_dump_json())
    assert read == record
    assert read.postgres[0].db_schema == "blog"
    assert '"schema":"blog"' in record.model_dump_json()


def test_the_payload_repeats_the_table_and_may_bound_the_rate() -> None:
    """It chooses nothing else."""
    payload = deployed().payload()
    assert (payload.source_table, payload.read_percentage) == ("blog.article", None)
    deployed().check(payload.model_copy(update={"max_mb_per_second": 20.0}))
    with pytest.raises(PayloadError, match=r"field 'source_table': got 'blog.author', deployed is 'blog.art"):
        deployed().check(payload.model_copy(update={"source_table": "blog.author"}))


def test_a_rate_of_another_kind_of_source_is_refused() -> None:
    """It would be ignored, and the table overrun."""
    given = {**deployed().payload().model_dump(mode="json"), "read_percentage": 0.1}
    payload = parse_payload(given)
    assert isinstance(payload, Payload)
    with pytest.raises(
        PayloadError, match=r"field 'read_percentage': got 0.1, which is for source type 'dyn"
    ):
        deployed().check(payload)


@pytest.mark.parametrize(("connection", "is_refused"), [("shop", True), ("other", False)])
def test_exports_that_share_a_moment_share_it_all(connection: str, is_refused: bool) -> None:
    """What one connection reads by itself is another moment than the group's."""
    lines = {**ARTICLES, "connection": connection, "table": "line"}
    given = {
        "connections": {"shop": SHOP, "other": SHOP},
        "exports": {
            "articles": {"source": {**ARTICLES, "consistency": "single"}},
            "lines": {"source": lines},
            "others": {"source": {**ARTICLES, "connection": "other"}},
        },
        "groups": {"nightly": {"exports": ["articles", "lines"]}},
    }
    if is_refused:
        assert (
            "export 'articles' has 'consistency: single' and is in group 'nightly' with 'lines', which reads "
            "the same connection, but such a snapshot cannot be shared by exports. Remove 'consistency', or"
        ) in refused(given)
    else:
        assert parsed(given).groups["nightly"].exports == ("articles", "lines")
