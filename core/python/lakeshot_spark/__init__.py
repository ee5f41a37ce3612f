"""The little that Lakeshot needs of Spark: to spread part workers over a job's executors."""
