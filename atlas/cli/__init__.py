"""The command line. Importing it loads neither torch nor ray."""

from atlas.cli.commands import main

__all__ = ["main"]
