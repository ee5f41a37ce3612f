"""A database that writes files itself needs a role for that, which Lakeshot makes unless there is one."""

import pytest

from lakeshot.config.exports import Config, parse_config
from lakeshot.errors import ConfigError

KEY = "arn:aws:kms:eu-central-1:123456789012:key/{}"
ROLE = "arn:aws:iam::123456789012:role/service-role/shop-export"
SHOP = {"type": "postgres", "host": "db.example.com", "database": "shop", "secret": "shop/reader"}


def landing(connection: str = "shop", **more: object) -> dict[str, object]:
    return {"source": {"type": "postgres", "connection": connection, "table": "t", "route": "aws_s3", **more}}


def parsed(connection: dict[str, object], **document: object) -> Config:
    given = {"connections": {"shop": {**SHOP, **connection}}, "exports": {"articles": landing()}}
    return parse_config({**given, **document})


@pytest.mark.parametrize(
    ("connection", "holder"),
    [
        ({"cluster": "shop"}, ("cluster", "shop", "cluster:shop")),
        ({"instance": "shop-1"}, ("instance", "shop-1", "db:shop-1")),
        ({"cluster": "shop", "instance": "shop-1"}, ("cluster", "shop", "cluster:shop")),
        ({"export_role": ROLE}, None),
        ({"export_role": ROLE, "cluster": "shop"}, None),
    ],
)
def test_the_cluster_holds_the_role_or_the_instance(
    connection: dict[str, object], holder: tuple[str, str, str] | None
) -> None:
    """An instance of a cluster is named for its CPU only; a role that is there is left alone."""
    found = parsed(connection).connections["shop"].role_holder
    assert (found and (*found, found.resource)) == holder


def test_a_connection_that_names_no_database_cannot_write_files() -> None:
    """The message says which of three settings is for what; reading by queries needs none."""
    with pytest.raises(ConfigError) as caught:
        parsed({})
    assert (
        "export 'articles' has route 'aws_s3', but its connection 'shop' does not say which database gets "
        "the role to write to S3; give the connection 'cluster' (Aurora), 'instance' (RDS for PostgreSQL), "
        "or 'export_role' if the database has such a role already"
    ) in str(caught.value)
    assert parsed({}, exports={"articles": landing(route="query")}).connections["shop"].role_holder is None


def test_a_cluster_takes_one_role() -> None:
    """Two connections to databases of one cluster share a role that a person makes."""
    both = {"shop": {**SHOP, "cluster": "c"}, "crm": {**SHOP, "cluster": "c", "database": "crm"}}
    exports = {"articles": landing(), "customers": landing("crm")}
    with pytest.raises(ConfigError) as caught:
        parse_config({"connections": both, "exports": exports})
    assert "connections 'shop' and 'crm' both have exports of route 'aws_s3' and the cluster 'c'" in str(
        caught.value
    )
    assert "give both its ARN as 'export_role'" in str(caught.value)
    shared = {name: {**one, "export_role": ROLE} for name, one in both.items()}
    assert parse_config({"connections": shared, "exports": exports}).connections["crm"].role_holder is None


def test_so_many_roles_and_no_more_are_made() -> None:
    """What one function may do has to fit into its role; a role that a person makes does not count."""
    names = [f"shop-{number}" for number in range(16)]
    connections = {name: {**SHOP, "cluster": name} for name in names}
    exports = {f"articles-{name}": landing(name) for name in names}
    with pytest.raises(ConfigError, match=r"16 connections have exports of route 'aws_s3'.* allowed are 15"):
        parse_config({"connections": connections, "exports": exports})
    connections["shop-15"]["export_role"] = ROLE
    assert len(parse_config({"connections": connections, "exports": exports}).connections) == 16


def test_a_role_writes_so_many_exports_and_no_more() -> None:
    """Their prefixes have to fit into its policy; a role that a person makes may have broader ones."""
    exports = {f"articles-{number}": landing() for number in range(61)}
    with pytest.raises(
        ConfigError, match="connection 'shop' has 61 exports of route 'aws_s3'; allowed are 60"
    ):
        parsed({"cluster": "shop"}, exports=exports)
    assert len(parsed({"export_role": ROLE}, exports=exports).exports) == 61


@pytest.mark.parametrize(
    ("connection", "told"),
    [
        (
            {"cluster": "shop.cluster-abc.eu-central-1.rds.amazonaws.com"},
            "allowed: the identifier of a DB cluster, such as shop: 1 to 63 lower-case letters and digits",
        ),
        ({"cluster": "shop--1"}, "field 'cluster': got 'shop--1'"),
        ({"export_role": "shop-export"}, "allowed: the ARN of an IAM role, such as arn:aws:iam::1234567890"),
    ],
)
def test_what_names_no_database_or_role_is_refused(connection: dict[str, object], told: str) -> None:
    """An endpoint is not the cluster's identifier."""
    with pytest.raises(ConfigError) as caught:
        parsed(connection)
    assert told in str(caught.value)


def test_a_role_is_for_the_exports_of_its_connection_and_region() -> None:
    """Which write files by it, and by which keys; other exports of the connection do not."""
    exports = {
        "articles": landing(aws_s3={"kms_key": KEY.format("b")}),
        "orders": landing(aws_s3={"kms_key": KEY.format("a")}),
        "lines": landing(aws_s3={"kms_key": KEY.format("a")}),
        "users": landing(route="query"),
        "abroad": {**landing(), "region": "eu-west-1"},
        "reviews": {"source": {"type": "dynamodb", "table": "Reviews"}},
    }
    config = parsed({"cluster": "shop"}, region="eu-central-1", exports=exports)
    assert config.landing_by("shop", "eu-central-1") == ("articles", "orders", "lines")
    assert config.landing_by("shop", "eu-west-1") == ("abroad",)
    assert config.landing_by("shop", "us-east-1") == ()
    assert config.landing_keys(config.exports) == (KEY.format("a"), KEY.format("b"))
    assert config.landing_keys(("users", "abroad", "reviews")) == ()


def test_a_key_of_another_region_is_refused() -> None:
    """S3 takes keys of the bucket's own region only."""
    exports = {"articles": landing(aws_s3={"kms_key": KEY.format("a")})}
    with pytest.raises(ConfigError) as caught:
        parsed({"cluster": "shop"}, region="eu-west-1", exports=exports)
    assert (
        "the 'kms_key' of export 'articles' is in eu-central-1, but export 'articles', which uses it, is "
        "deployed to eu-west-1"
    ) in str(caught.value)
    assert parsed({"cluster": "shop"}, region="eu-central-1", exports=exports)
