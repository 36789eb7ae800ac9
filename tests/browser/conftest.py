"""A browser and the sample site, for the tests in this folder."""

from collections.abc import Iterator

import pytest
from chromium import chromium_executable
from playwright.sync_api import Browser, sync_playwright
from sample_site import own_store, sample

__all__ = ["own_store", "sample"]


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=chromium_executable(), args=["--no-sandbox"])
        yield started
        started.close()
