"""The whole way: the demo's real model is rendered by the real command, and its site is read in a real browser."""

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect
from small_demo import CLASSES, CONCEPTS, LAYER, SHOWN, UNITS, write_small_demo

from atlas.store import Store
from atlas.store.integrity import verify

STEPS = 24


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a small demo, rendered and built."""
    folder = tmp_path_factory.mktemp("demo")
    write_small_demo(folder, STEPS)
    command = [sys.executable, "-m", "atlas", "demo", "--out", str(folder), "--no-open"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=600)
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stderr == ""
    assert (folder / "site" / "index.html").resolve().as_uri() in done.stdout
    return folder


@pytest.fixture
def page(browser: Browser, demo: Path) -> Iterator[Page]:
    """A page whose every request must stay on this disk, and whose console must stay silent."""
    context = browser.new_context(viewport={"width": 1440, "height": 900})
    opened = context.new_page()
    requests: list[str] = []
    complaints: list[str] = []
    opened.on("request", lambda request: requests.append(request.url))
    opened.on("console", lambda message: complaints.append(message.text))
    opened.on("pageerror", lambda error: complaints.append(str(error)))
    opened.goto((demo / "site" / "index.html").as_uri())
    yield opened
    context.close()
    assert [url for url in requests if not url.startswith(demo.as_uri())] == []
    assert complaints == []


def test_every_job_of_the_demo_is_stored_and_sound(demo: Path) -> None:
    store = Store(demo / "store")
    records = list(store.records())
    assert list(verify(store)) == []
    assert [record.status for record in records] == ["done"] * (len(CLASSES) + UNITS + SHOWN * len(CONCEPTS))
    for record in records:
        half = STEPS // 2
        assert sum(record.trace[half:]) > sum(record.trace[:half]), record.job.target


def test_from_home_to_a_class_to_a_unit_to_its_json(page: Page) -> None:
    page.get_by_role("link", name="flamingo").first.click()
    expect(page.get_by_role("heading", level=1)).to_have_text("flamingo")
    assert page.locator(".hero img:visible").evaluate("image => image.decode().then(() => image.naturalWidth)") > 0
    page.get_by_role("link", name="EfficientNet-Lite0", exact=True).first.click()
    page.locator(f'a[href*="/{LAYER}/"], a[href*="l/{LAYER}/"]').first.click()
    page.locator(".grid a").nth(1).click()
    expect(page.get_by_role("heading", level=1)).to_have_text("unit 1")
    page.get_by_role("link", name="JSON", exact=True).first.click()
    data = json.loads(page.locator("body").inner_text())
    assert data["kind"] == "unit"
    target = data["data"]["renderings"][0]["job"]["target"]
    assert (target["layer"], target["unit"], target["kind"]) == (LAYER, 1, "channel")


def test_a_class_is_found_by_a_misspelt_name(page: Page) -> None:
    page.keyboard.press("/")
    page.keyboard.type("goldfsh")
    expect(page.get_by_role("option").first).to_contain_text("goldfish")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("goldfish")


def test_from_a_class_to_its_concept_and_back(page: Page) -> None:
    page.keyboard.press("/")
    page.keyboard.type("espresso")
    page.get_by_role("option").first.click()
    expect(page.get_by_role("heading", level=1)).to_have_text("espresso")
    assert "demonstration" in page.locator("main").inner_text()
    page.locator('a[href$="967/1.html"]').first.click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("espresso")
    for picture in page.locator("main img:visible").all():
        picture.scroll_into_view_if_needed()
        assert picture.evaluate("image => image.decode().then(() => image.naturalWidth)") > 0
    assert "Rachel Michetti" in page.locator("body").inner_text()
