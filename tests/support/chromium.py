"""Finds the Chromium that the browser tests drive. As a script: prints its path, or fails if there is none."""

import shutil
import sys
from pathlib import Path

from playwright.sync_api import sync_playwright

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")


def chromium_executable() -> str | None:
    """Return the path of a Chromium on the PATH, else of the one playwright has downloaded, else None."""
    for name in NAMES:
        found = shutil.which(name)
        if found:
            return found
    with sync_playwright() as playwright:
        path = playwright.chromium.executable_path
    return path if Path(path).exists() else None


if __name__ == "__main__":
    executable = chromium_executable()
    if executable is None:
        sys.exit("no Chromium")
    sys.stdout.write(executable + "\n")
