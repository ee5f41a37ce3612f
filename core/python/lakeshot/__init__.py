"""Lakeshot: export database tables into a data lake as verified snapshots."""
