"""``python -m benchmarks postgres``: ours against others who take a table out of PostgreSQL."""
