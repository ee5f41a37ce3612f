"""How a run reads a database, as far as that is settled before anybody has looked at it."""

import pytest

from lakeshot.config.connections import DeployedConnection
from lakeshot.config.deployed import Deployed
from lakeshot.errors import PayloadError
from lakeshot.postgres.source import PostgresSource
from lakeshot.runs.plan import QueriedTogether, QueryReading
from lakeshot.steps.choosing_query import choose_query
from tests.unit.conftest import BUCKET
from tests.unit.stage import DAY_1, Stage

SHOP = DeployedConnection(
    name="shop", host="db", port=5432, database="shop", secret="shop/reader", ca="s3://assets/ca.pem"
)
OTHER = SHOP.model_copy(update={"name": "other", "host": "elsewhere"})


def source(table: str, **settings: object) -> PostgresSource:
    return PostgresSource.model_validate(
        {"type": "postgres", "connection": "shop", "table": table, **settings}
    )


@pytest.fixture
def articles(stage: Stage) -> Deployed:
    changes = {"export": "articles", "bucket": BUCKET, "source": source("article"), "connection": SHOP}
    return stage.deployed["reviews"].model_copy(update=changes)


def choose(
    articles: Deployed, *others: Deployed, asked_moment: str | None = None, **changes: object
) -> QueryReading:
    payload = articles.payload().model_copy(update=changes)
    return choose_query(payload, articles, asked_moment=asked_moment, run=[articles, *others])


def test_a_table_is_read_at_the_pace_of_its_source(articles: Deployed) -> None:
    """Without one it is bounded by the number of readers only."""
    assert choose(articles).max_mb_per_second is None
    paced = articles.model_copy(update={"source": source("article", max_mb_per_second=20)})
    assert choose(paced).max_mb_per_second == 20


def test_a_payload_may_set_another_pace_for_one_run(articles: Deployed) -> None:
    """Slower in office hours, say."""
    assert choose(articles, max_mb_per_second=5.0).max_mb_per_second == 5


def test_exports_of_one_run_and_database_share_a_moment(articles: Deployed) -> None:
    """In the order of their group; one of another database has its own."""
    authors = articles.model_copy(update={"export": "authors", "source": source("author")})
    foreign = articles.model_copy(update={"export": "foreign", "connection": OTHER})
    assert choose(articles, authors, foreign).together == (
        QueriedTogether(export="articles", source=source("article")),
        QueriedTogether(export="authors", source=source("author")),
    )
    assert choose(articles, foreign).together == ()


@pytest.mark.parametrize(
    ("changes", "told"),
    [({"asked_moment": DAY_1}, "moment"), ({"reuse_export": "run-1"}, "reuse_export")],
)
def test_what_only_dynamodb_can_do_is_refused(articles: Deployed, changes: dict[str, str], told: str) -> None:
    """A database tells what is there now."""
    with pytest.raises(PayloadError, match=f"{told} '.*' needs DynamoDB's own export, but export 'articles'"):
        choose(articles, **changes)
