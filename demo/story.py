"""The story the demo tells: deploy, export two reviews in both ways, larger tables, and query them all."""

from dataclasses import dataclass
from pathlib import Path

import boto3

from demo import articles, events, queries, reviews
from demo.cdk import Cdk
from demo.kept_logs import keep_logs
from demo.narrator import DemoError, Narrator
from lakeshot.model import Model
from lakeshot.runs.records import RunState
from local.postgres.server import PostgresServer
from operate import runs
from operate.context import Context
from operate.watching import closing_words, follow

CONFIG = Path(__file__).with_name("exports.yaml")
ARTICLES_PER_ITEM = 4
"""How many times as many rows the SQL table has as the large DynamoDB table has items."""
MINUTE_SECONDS = 0.4
"""How long a minute of DynamoDB's exports lasts in the demo's cloud, which gives them five."""


class LargeTable(Model):
    """Rows counted in the source table and, after its export, through the view."""

    rows_source: int
    rows_view: int


class DemoResult(Model):
    """What the demo measured.

    ``snapshots_rows`` counts the reviews of all snapshots, ``view_rows`` those of the latest.
    """

    snapshots_rows: int
    view_rows: int
    large: LargeTable
    articles: LargeTable
    seconds: float


@dataclass(frozen=True)
class Story:
    """One telling, in an environment that points at an embedded cloud."""

    directory: Path
    narrator: Narrator
    context: Context
    cdk: Cdk
    server_log: Path
    postgres: PostgresServer

    def deploy(self) -> None:
        """Synthesise, bootstrap and deploy with the CDK's own command."""
        with self.narrator.step("Synthesise the CloudFormation templates (cdk synth)", self.cdk.log):
            self.cdk.synth(self.context.file)
        with self.narrator.step("Prepare the account (cdk bootstrap)", self.cdk.log):
            self.cdk.bootstrap()
        with self.narrator.step(
            "Deploy the common stack and one stack per export (cdk deploy)", self.cdk.log
        ):
            self.cdk.deploy()

    def tell(self, items: int) -> DemoResult:
        """Everything after the deployment, measured and checked."""
        snapshots_rows, view_rows = self._reviews()
        large = self._events(items)
        articles_ = self._articles(ARTICLES_PER_ITEM * items)
        return DemoResult(
            snapshots_rows=snapshots_rows,
            view_rows=view_rows,
            large=large,
            articles=articles_,
            seconds=round(self.narrator.seconds, 1),
        )

    def _reviews(self) -> tuple[int, int]:
        tables = boto3.client("dynamodb")
        with self.narrator.step("Create the table Reviews with two items", self.server_log):
            reviews.create(tables)
        with self.narrator.step("Export reviews: the table is scanned", self.directory / "logs"):
            self._run("reviews")
        with self.narrator.step("Switch on point-in-time recovery of Reviews", self.server_log):
            reviews.switch_on_recovery(tables)
        with self.narrator.step(
            "Export reviews again: now DynamoDB exports the table", self.directory / "logs"
        ):
            self.narrator.tell(
                f"On AWS this takes minutes; here a minute of DynamoDB's lasts {MINUTE_SECONDS} s."
            )
            self._run("reviews")
        with self.narrator.step(
            "Query both snapshots, then the view of the latest (Athena)", self.server_log
        ):
            every = self._query(queries.ALL_REVIEWS)
            latest = self._query(queries.LATEST_REVIEWS)
            self._expect(len(every), 4, "rows in snapshots_reviews, two per export")
            self._expect(len(latest), 2, "rows in the view reviews")
        return len(every), len(latest)

    def _events(self, items: int) -> LargeTable:
        tables = events.client()
        with self.narrator.step(f"Create the table Events with {items:,} items", self.server_log):
            events.create(tables, items)
            rows_source = events.count_items(tables)
            self._expect(rows_source, items, "items in Events")
        with self.narrator.step(
            "Export events, within a quarter of the table's read units", self.directory / "logs"
        ):
            self._run("events")
        with self.narrator.step("Query the view events, into its nested attributes", self.server_log):
            [counted] = self._query(queries.COUNT_EVENTS)
            self._query(queries.EVENTS_BY_SYSTEM)
            rows_view = int(str(counted["rows"]))
            self._expect(rows_view, rows_source, "rows in the view events, one per item")
        return LargeTable(rows_source=rows_source, rows_view=rows_view)

    def _articles(self, rows: int) -> LargeTable:
        with self.narrator.step(
            f"Fill the PostgreSQL table article with {rows:,} rows", self.postgres.log_file
        ):
            rows_source = articles.create(self.postgres, boto3.client("secretsmanager"), rows)
        with self.narrator.step("Export articles, all rows as of one moment", self.directory / "logs"):
            self._run("articles")
        with self.narrator.step("Query the view articles", self.server_log):
            [counted] = self._query(queries.COUNT_ARTICLES)
            self._query(queries.ARTICLES_BY_STATE)
            rows_view = int(str(counted["rows"]))
            self._expect(rows_view, rows_source, "rows in the view articles")
        return LargeTable(rows_source=rows_source, rows_view=rows_view)

    def _run(self, export: str) -> None:
        execution = runs.start(self.context, export, {})
        seen = follow(execution, self.context.output.view(), self.context.clock)
        words = closing_words(execution, seen, linked=False)
        if seen.state is not RunState.SUCCEEDED:
            keep_logs(self.directory / "logs")
            raise DemoError(words)
        self.narrator.tell(words)

    def _query(self, sql: str) -> queries.Rows:
        config = self.context.config()
        rows = queries.query(sql, stage=config.stage, database=config.database)
        if not rows:
            raise DemoError(f"the query gave no rows: {sql}")
        self.narrator.tell(f"\n{sql}\n\n{queries.as_text(rows)}")
        return rows

    @staticmethod
    def _expect(measured: int, expected: int, what: str) -> None:
        if measured != expected:
            raise DemoError(f"expected {expected:,} {what}, measured {measured:,}")
