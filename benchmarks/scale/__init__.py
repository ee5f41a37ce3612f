"""``python -m benchmarks scale``: what an export of a large PostgreSQL table takes, by a model."""
