"""The embedded cloud: ministack plus what it lacks to run Lakeshot. Never shipped to AWS."""
