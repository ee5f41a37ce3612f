"""The entry point of the commands: the only place that reads or sets the environment."""

import os
import sys

from operate.command_line import main
from operate.embedded_cloud import use_embedded_cloud

if __name__ == "__main__":
    said = use_embedded_cloud(os.environ)
    if said is not None:
        print(said, file=sys.stderr)
    try:
        code = main(sys.argv[1:])
    except BrokenPipeError:
        # Whoever read the output has seen enough; nothing is left to say, not even at the interpreter's end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        code = 1
    sys.exit(code)
