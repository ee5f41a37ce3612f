"""``python -m benchmarks.postgres.work <job file>``: the process in which contenders work.

It imports nothing but what its contender does, as its memory counts and its versions may be others.
"""

import os
import sys
from importlib import import_module
from pathlib import Path
from time import perf_counter

from benchmarks.postgres.job import Contender, Job, Run


def work(job: Job) -> int:
    """For every contender that is named get ready once, say so, work when told, and say how long it took."""
    answers = os.fdopen(os.dup(1), "w", buffering=1)
    os.dup2(2, 1)  # what libraries and the JVM print is no answer
    ready: dict[str, Run] = {}
    for line in sys.stdin:
        place = line.strip()
        run = ready.get(place) or ready.setdefault(place, _contender(place)(job))
        print("ready", file=answers)
        sys.stdin.readline()
        job.emptied()
        started = perf_counter()
        run()
        print(perf_counter() - started, file=answers)
    return 0


def _contender(place: str) -> Contender:
    module, _, function = place.partition(".")
    contender: Contender = getattr(import_module(f"benchmarks.postgres.{module}"), function)
    return contender


if __name__ == "__main__":
    sys.exit(work(Job.model_validate_json(Path(sys.argv[1]).read_text())))
