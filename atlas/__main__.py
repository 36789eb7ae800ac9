"""``python -m atlas``."""

import os
import sys

if sys.path and sys.path[0] in ("", os.getcwd()):
    sys.path.append(sys.path.pop(0))  # the folder's own modules must not stand in for Python's

from atlas.cli import main

main()
