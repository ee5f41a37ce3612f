"""A crawler's settings, as GetCrawler shows them.

https://docs.aws.amazon.com/glue/latest/webapi/API_Crawler.html and, for ``Configuration``,
https://docs.aws.amazon.com/glue/latest/dg/crawler-configuration.html
"""

import json
from typing import Literal, Self

from pydantic import BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_pascal


class _Settings(BaseModel):
    model_config = ConfigDict(frozen=True, alias_generator=to_pascal, populate_by_name=True)


class S3Target(_Settings):
    """A place to crawl; ``exclusions`` are glob patterns of keys below it."""

    path: str
    exclusions: tuple[str, ...] = ()
    sample_size: int | None = None


class Targets(_Settings):
    """Places to crawl; only those of S3 are known here."""

    s3_targets: tuple[S3Target, ...] = ()


class SchemaChangePolicy(_Settings):
    """What becomes of tables whose files changed or went away."""

    update_behavior: Literal["LOG", "UPDATE_IN_DATABASE"] = "UPDATE_IN_DATABASE"
    delete_behavior: Literal["LOG", "DELETE_FROM_DATABASE", "DEPRECATE_IN_DATABASE"] = "DEPRECATE_IN_DATABASE"


class RecrawlPolicy(_Settings):
    """Which folders a later crawl looks at."""

    recrawl_behavior: Literal["CRAWL_EVERYTHING", "CRAWL_NEW_FOLDERS_ONLY", "CRAWL_EVENT_MODE"] = (
        "CRAWL_EVERYTHING"
    )


class _Behavior(_Settings):
    add_or_update_behavior: Literal["InheritFromTable", "MergeNewColumns"] | None = None


class _Output(_Settings):
    partitions: _Behavior = _Behavior()
    tables: _Behavior = _Behavior()


class _Grouping(_Settings):
    table_grouping_policy: Literal["CombineCompatibleSchemas"] | None = None
    table_level_configuration: int | None = None


class Configuration(_Settings):
    """The JSON document in ``Configuration``, version 1.0."""

    crawler_output: _Output = _Output()
    grouping: _Grouping = _Grouping()


class CrawlerDefinition(_Settings):
    """One crawler. Raises ValueError (pydantic's) for a setting that Glue would not take."""

    name: str
    database_name: str
    targets: Targets
    table_prefix: str = ""
    schema_change_policy: SchemaChangePolicy = SchemaChangePolicy()
    recrawl_policy: RecrawlPolicy = RecrawlPolicy()
    configuration: Configuration = Field(default=Configuration())

    @classmethod
    def parse(cls, crawler: dict[str, object]) -> Self:
        """Return the settings of a crawler as GetCrawler shows it."""
        given = {name: value for name, value in crawler.items() if value}
        text = given.get("Configuration")
        return cls.model_validate(given | ({"Configuration": json.loads(str(text))} if text else {}))

    @property
    def inherits_from_table(self) -> bool:
        """Whether partitions take the table's columns and not what their own files say."""
        return self.configuration.crawler_output.partitions.add_or_update_behavior == "InheritFromTable"

    @property
    def merges_new_columns(self) -> bool:
        """Whether a table only gains columns and keeps the ones it has."""
        return self.configuration.crawler_output.tables.add_or_update_behavior == "MergeNewColumns"

    @property
    def combines_schemas(self) -> bool:
        """Whether files of one format make one table however little their columns agree."""
        return self.configuration.grouping.table_grouping_policy == "CombineCompatibleSchemas"

    @property
    def crawls_new_folders_only(self) -> bool:
        """Whether registered partitions are passed over; then nothing is updated or deleted either."""
        return self.recrawl_policy.recrawl_behavior == "CRAWL_NEW_FOLDERS_ONLY"

    @property
    def updates_tables(self) -> bool:
        """Whether a changed schema is written."""
        return (
            self.schema_change_policy.update_behavior == "UPDATE_IN_DATABASE"
            and not self.crawls_new_folders_only
        )

    @property
    def deletes_partitions(self) -> bool:
        """Whether partitions without files are unregistered."""
        return (
            self.schema_change_policy.delete_behavior == "DELETE_FROM_DATABASE"
            and not self.crawls_new_folders_only
        )
