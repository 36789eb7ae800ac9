"""What is wrong with a page as a browser shows it: the rules are asserted here, for tests can fetch no checker."""

from pathlib import Path

from playwright.sync_api import Page

SHARPNESS = 1.5
"""A picture is shown at most so many times as wide as its pixels."""
TARGET = 44
"""Least side of what a thumb must hit, CSS pixels."""
FAULTS, UNREACHABLE = (Path(__file__).with_name(name).read_text() for name in ("page_faults.js", "dialog_faults.js"))


def faults(page: Page) -> list[str]:
    """Return what is wrong with the page as it is shown now: one line for each fault."""
    found: list[str] = page.evaluate(FAULTS, [SHARPNESS, TARGET])
    return found


def unreachable(page: Page, dialog: str) -> list[str]:
    """Return which controls of an open dialog cannot be used: outside of it or of the window, or covered."""
    found: list[str] = page.locator(dialog).evaluate(UNREACHABLE)
    return found
