"""``python -m benchmarks <name>``: measure one thing on this machine and print what was seen."""

import sys
from importlib import import_module

BENCHMARKS = {
    "commit": "benchmarks.commit",
    "convert": "benchmarks.convert",
    "memory": "benchmarks.memory",
    "postgres": "benchmarks.postgres.compare",
    "rate": "benchmarks.rate",
    "scale": "benchmarks.scale.page",
    "scan": "benchmarks.scan",
}
"""Name on the command line to module; each has ``main(arguments) -> exit code``."""


def main(arguments: list[str]) -> int:
    """Run the benchmark that the first argument names with the rest of them."""
    if not arguments or arguments[0] not in BENCHMARKS:
        given = repr(arguments[0]) if arguments else "nothing"
        print(f"benchmarks: got {given}; give one of {', '.join(BENCHMARKS)}", file=sys.stderr)
        return 2
    code: int = import_module(BENCHMARKS[arguments[0]]).main(arguments[1:])
    return code


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
