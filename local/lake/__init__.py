"""What Athena and the crawler both stand on: the Glue catalog, Hive types and objects of S3."""
