"""The crawler's stand-in: looks at files under the crawler's role and writes what it finds to the catalog."""

from local.crawler.service import install

__all__ = ["install"]
