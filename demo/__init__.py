"""The demo: the whole of Lakeshot on an embedded cloud, from deployment to query."""
