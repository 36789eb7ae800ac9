"""The command line. Importing it loads neither torch nor ray."""

import os

# Read by torch's OpenMP when it is loaded. By default its threads spin while they wait for each other, and on cores that
# others use as well a step takes many times as long; with little spinning it costs nothing on free cores (measured).
os.environ.setdefault("GOMP_SPINCOUNT", "5000")

from atlas.cli.commands import main  # noqa: E402

__all__ = ["main"]
