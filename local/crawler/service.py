"""The crawler's place in the embedded cloud: one crawl under its role, lasting as long as it is told to."""

import os
import time
from collections.abc import Sequence

from botocore.exceptions import ClientError

from local.crawler.definition import CrawlerDefinition
from local.crawler.grouping import groups
from local.crawler.publication import publish, retire, table_at
from local.hooks import Crawl, JsonObject, replace_crawler, role_credentials
from local.lake.catalog import Catalog
from local.lake.objects import ObjectStore

DURATION_VARIABLE = "LAKESHOT_CRAWL_SECONDS"
"""Environment variable of the server: how long a crawl takes at least (0.2 by default; AWS takes minutes)."""


class CrawlError(Exception):
    """A crawl failed; the text is the ErrorMessage of LastCrawl."""


def install() -> None:
    """Let crawls be done by this stand-in."""
    replace_crawler(run)


_crawled: dict[tuple[object, ...], set[str]] = {}
"""Folders that a crawler's successful crawls looked at, which one of new folders only passes over."""


def run(crawl: Crawl) -> JsonObject:
    """Crawl as the crawler's role; nothing is written when it is stopped in time."""
    ends = time.monotonic() + float(os.environ.get(DURATION_VARIABLE, "0.2"))
    name = str(crawl.crawler["Name"])
    source = f"arn:aws:glue:{crawl.region}:{crawl.account}:crawler/{name}"
    role = role_credentials(crawl.role_arn, "AWS-Crawler", service="glue.amazonaws.com", source_arn=source)
    session = role.session(crawl.region)
    while time.monotonic() < ends and not crawl.is_stopped():
        time.sleep(0.02)
    if not crawl.is_stopped():
        identity = (crawl.account, crawl.region, name, crawl.crawler["CreationTime"])
        crawled = _crawled.setdefault(identity, set())
        definition = CrawlerDefinition.parse(crawl.crawler)
        crawl_targets(Catalog(session), ObjectStore(session), definition, crawled)
    return {}


def crawl_targets(
    catalog: Catalog, store: ObjectStore, crawler: CrawlerDefinition, crawled: set[str]
) -> Sequence[str]:
    """Look at the targets and write the catalog; return the names of the tables found.

    ``crawled`` are the folders that earlier crawls looked at; this one's are added. Raises CrawlError.
    """
    database = crawler.database_name
    try:
        if not catalog.has_database(database):
            raise CrawlError(f"Database {database} not found")
        found = list(groups(store, crawler, crawled, lambda place: table_at(catalog, crawler, place)))
        if not crawler.crawls_new_folders_only:
            for target in crawler.targets.s3_targets:
                if not any(group.location.startswith(target.path.rstrip("/") + "/") for group in found):
                    retire(catalog, crawler, target.path)
        names = [publish(catalog, crawler, group) for group in found]
    except ClientError as error:
        raise CrawlError(f"ERROR : {error.response['Error']['Message']}") from error
    crawled.update(folder.location for group in found for folder in group.folders)
    return names
