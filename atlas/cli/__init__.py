"""The command line. Importing it loads next to nothing: it can be interrupted in order from then on."""

import os
import sys

# Read by torch's OpenMP when it is loaded. By default its threads spin while they wait for each other, and on cores
# that others use as well a step takes twice as long or more. With little spinning it does not, and free cores lose
# nothing (measured with lite0 on 2 cores).
os.environ.setdefault("GOMP_SPINCOUNT", "5000")

from atlas.cli.stopping import INTERRUPTED, interruptible


def main() -> None:
    """Run the command line, and end the process with its exit status."""
    try:
        with interruptible():
            from atlas.cli.commands import cli
            from atlas.cli.terminal import tolerate_any_text

            tolerate_any_text()
            cli(prog_name="atlas")
    except KeyboardInterrupt:  # before a command has begun
        sys.stderr.write("\nInterrupted.\n")
        sys.exit(INTERRUPTED)
