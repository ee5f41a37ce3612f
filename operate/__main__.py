"""The entry point of the commands: the only place that reads or sets the environment."""

import os
import sys

from operate.command_line import main
from operate.embedded_cloud import use_embedded_cloud

if __name__ == "__main__":
    said = use_embedded_cloud(os.environ)
    if said is not None:
        print(said, file=sys.stderr)
    sys.exit(main(sys.argv[1:]))
