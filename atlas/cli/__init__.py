"""The command line. Importing it loads next to nothing: it can be interrupted in order from then on."""

import sys

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
