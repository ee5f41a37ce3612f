"""What an analyst asks of the result, through Athena with awswrangler."""

import awswrangler

from lakeshot.names import StageNames
from operate.text_table import text_table

awswrangler.config.athena_query_wait_polling_delay = 0.1
ALL_REVIEWS = 'SELECT review_id, product, stars, snapshot_timestamp FROM "snapshots_reviews" ORDER BY 4, 1'
LATEST_REVIEWS = 'SELECT review_id, product, stars FROM "reviews" ORDER BY review_id'
COUNT_EVENTS = 'SELECT count(*) AS rows FROM "events"'
EVENTS_BY_SYSTEM = """
SELECT json_extract_scalar(device, '$.os') AS os, count(*) AS events, round(sum(amount), 2) AS revenue
FROM "events" GROUP BY 1 ORDER BY 2 DESC
""".strip()
ARTICLES_BY_STATE = """
SELECT published, count(*) AS articles, sum(price) AS worth, max(created_at) AS newest
FROM "articles" WHERE created_at IS NOT NULL GROUP BY 1 ORDER BY 2 DESC
""".strip()
COUNT_ARTICLES = 'SELECT count(*) AS rows FROM "articles"'

Rows = list[dict[str, object]]


def query(sql: str, *, stage: str, database: str) -> Rows:
    """The rows of a query, one mapping by column name each."""
    frame = awswrangler.athena.read_sql_query(
        sql, database=database, workgroup=StageNames(stage=stage).workgroup, ctas_approach=False
    )
    rows: Rows = frame.to_dict(orient="records")
    return rows


def as_text(rows: Rows) -> str:
    """Rows as a table for people."""
    return text_table(list(rows[0]), [[str(value) for value in row.values()] for row in rows])
